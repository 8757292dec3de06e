-- product_gaps: days on which no source of a product spoke although it should have.
-- Grain: one row per product and day.
-- Units: UTC days.
-- Definition: a day on which each source that had spoken of the product by then was in a gap (source_gaps). What is
--   counted on it is unknown, not zero: launch_curve and exposure_rates show null, launch_impact leaves it out. A
--   source that rests, as on weekends, or is too quiet for a gap makes the day an ordinary one without feedback.
--   Only days between the product's first and last day in friction_daily_product are here.
-- Columns:
--   product  text    product
--   day      date    UTC day
--   sources  bigint  sources that should have spoken
-- Example:
--   SELECT product, min(day), max(day), count(*) FROM product_gaps GROUP BY product
-- Cost: that of source_gaps; where there is one, the days of rollup_daily_product, and where one of these is missing in a
--   gap, product and source of all feedback.
CREATE OR REPLACE VIEW product_gaps AS
WITH silent AS MATERIALIZED (
    SELECT source, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day FROM source_gaps
),
-- The joins with what is nearly always empty come first: then the costly relations are not read.
daily AS MATERIALIZED (
    SELECT product, day
    FROM rollup_daily_product
    SEMI JOIN (SELECT 'any' AS touchpoint FROM silent LIMIT 1) USING (touchpoint)
    WHERE product IS NOT NULL
),
quiet AS MATERIALIZED (
    SELECT heard.product, silent.day
    FROM (SELECT product, min(day) AS first_day, max(day) AS last_day FROM daily GROUP BY product) AS heard
    JOIN (SELECT DISTINCT day FROM silent) AS silent ON silent.day BETWEEN heard.first_day AND heard.last_day
    ANTI JOIN daily ON daily.product = heard.product AND daily.day = silent.day
),
spoken AS (
    SELECT product, source, min(day) AS first_day, list(min(day)) OVER (PARTITION BY product) AS begun
    FROM (SELECT product, source, try_cast(day AS DATE) AS day FROM tables.feedback)
    SEMI JOIN quiet USING (product)
    WHERE day IS NOT NULL
    GROUP BY product, source
)
SELECT quiet.product, quiet.day, count(*) AS sources
FROM quiet
JOIN spoken ON spoken.product = quiet.product
JOIN silent ON silent.source = spoken.source AND silent.day = quiet.day
WHERE spoken.first_day < quiet.day
GROUP BY quiet.product, quiet.day
HAVING count(*) = len(list_filter(any_value(spoken.begun), lambda begun: begun < quiet.day));
