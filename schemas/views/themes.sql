-- themes: what people speak of in much the same words.
-- Grain: one row per theme of at least five distinct authors, merged themes under their target.
-- Units: distinct authors; days; instants in UTC.
-- Definition: themes are found by tribometer themes update and never change their meaning. The last 28 days end with
--   the latest day of the product's themes. A theme that an erasure or retention leaves with fewer than five authors
--   is gone from here. The nearest launch is the one of the product closest to first_seen, before or after; it says
--   when, not why.
-- Columns:
--   theme_id              text     theme
--   product               text     product, null where the source does not say
--   title                 text     its name where a person gave one, else its label
--   label                 text     phrases that distinguished it when it was found
--   name                  text     a person's name for it, null where there is none
--   touchpoint            text     its most frequent touchpoint
--   authors               bigint   distinct authors
--   friction_authors      bigint   distinct authors with friction
--   mentions              bigint   mentions
--   first_seen            date     first UTC day
--   last_seen             date     last UTC day
--   authors_last_28       bigint   distinct authors of the last 28 days
--   authors_previous_28   bigint   distinct authors of the 28 days before
--   growth                double   authors_last_28 / authors_previous_28; null where that is 0
--   nearest_launch        text     title, else version, else kind of the launch nearest to first_seen; null without
--   nearest_launch_days   bigint   first_seen minus its day; below 0 the theme was there before
--   merged                bigint   themes that count under this one
--   created_at            instant  when it was found
--   null_reason           text     why growth is null; null where it is not
-- Example:
--   SELECT title, touchpoint, friction_authors, first_seen, growth, nearest_launch FROM themes
--   WHERE product = 'firefox' ORDER BY friction_authors DESC LIMIT 20
-- Cost: all of theme_mentions; no texts.
CREATE OR REPLACE VIEW themes AS
WITH ledger AS (
    SELECT *
    FROM tables.themes
    QUALIFY row_number() OVER (PARTITION BY theme_id ORDER BY recorded_at DESC) = 1
),
said AS (
    SELECT *, max(day) OVER (PARTITION BY product) AS last_day FROM theme_mentions
),
counted AS (
    SELECT
        theme_id, product,
        mode(touchpoint ORDER BY touchpoint) AS touchpoint,
        count(DISTINCT author) AS authors,
        count(DISTINCT author) FILTER (friction) AS friction_authors,
        count(*) AS mentions,
        min(day) AS first_seen,
        max(day) AS last_seen,
        count(DISTINCT author) FILTER (day > last_day - 28) AS authors_last_28,
        count(DISTINCT author) FILTER (day > last_day - 56 AND day <= last_day - 28) AS authors_previous_28,
        count(DISTINCT found_as) - 1 AS merged
    FROM said
    GROUP BY theme_id, product
    HAVING count(DISTINCT author) >= 5
),
near AS (
    SELECT
        counted.theme_id,
        arg_min(
            {'launch': coalesce(launches.title, launches.version, launches.kind), 'days': first_seen - launches.day},
            (abs(first_seen - launches.day), launches.launch_id)
        ) AS nearest
    FROM counted
    JOIN launches ON launches.product = counted.product
    GROUP BY counted.theme_id
)
SELECT
    theme_id, counted.product,
    coalesce(name, nullif(label, ''), array_to_string(map_keys(weights)[:3], ' ')) AS title,
    label, name, touchpoint, authors, friction_authors, mentions, first_seen, last_seen,
    authors_last_28, authors_previous_28,
    authors_last_28 / nullif(authors_previous_28, 0) AS growth,
    nearest.launch AS nearest_launch, nearest.days AS nearest_launch_days,
    merged, created_at,
    CASE WHEN authors_previous_28 = 0 THEN 'nobody spoke of it in the 28 days before' END AS null_reason
FROM counted
JOIN ledger USING (theme_id)
LEFT JOIN near USING (theme_id);
