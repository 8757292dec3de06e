-- product_gaps: days on which no source of a product spoke although it should have.
-- Grain: one row per product and day.
-- Units: UTC days.
-- Definition: a day on which each source that had spoken of the product by then was in a gap (source_gaps). What is
--   counted on it is unknown, not zero: launch_curve and exposure_rates show null, launch_impact leaves it out. A
--   source that rests, as on weekends, or is too quiet for a gap makes the day an ordinary one without feedback.
--   Only days between the product's first and last day in source_daily are here.
-- Columns:
--   product  text    product
--   day      date    UTC day
--   sources  bigint  sources that should have spoken
-- Example:
--   SELECT product, min(day), max(day), count(*) FROM product_gaps GROUP BY product
-- Cost: that of source_daily over the whole history, twice.
CREATE OR REPLACE VIEW product_gaps AS
WITH spoken AS (
    SELECT
        product, source, min(day) AS first_day,
        list(min(day)) OVER (PARTITION BY product) AS begun,
        max(max(day)) OVER (PARTITION BY product) AS last_day
    FROM (SELECT source, day, unnest(products) AS product FROM source_daily WHERE day IS NOT NULL)
    GROUP BY product, source
),
silent AS (
    SELECT source, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day FROM source_gaps
)
SELECT spoken.product, silent.day, count(*) AS sources
FROM spoken
JOIN silent ON silent.source = spoken.source AND silent.day > spoken.first_day AND silent.day < spoken.last_day
GROUP BY spoken.product, silent.day
HAVING count(*) = len(list_filter(any_value(spoken.begun), lambda begun: begun < silent.day));
