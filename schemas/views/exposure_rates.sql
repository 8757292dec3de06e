-- exposure_rates: friction per 1,000 who could have complained, day by day.
-- Grain: one row per product, touchpoint, version, day and measure; touchpoint any is all of them together, version any
--   is all versions together.
-- Units: counts of distinct authors; exposure in what measure names; per_1000 in authors per 1,000 of it.
-- Definition: per_1000 = 1000 · friction_authors / exposure. Its 95 % interval takes exposure as known: it is
--   1000 · count_low(friction_authors) / exposure and likewise count_high. exposure_daily has the exposure, and says
--   what it was added up from. Days of exposure without a word are 0 between the product's first and last
--   day in friction_daily_product, but for the days of product_gaps. A product that nobody spoke of has no rows. A rate above 1,000 is possible: authors
--   need not be among the sessions of the day.
-- Columns:
--   product           text     product
--   touchpoint        text     touchpoint, other where none is likely enough, or any for all together
--   version           text     version the author used; any for all together, those unknown too
--   day               date     UTC day
--   measure           text     what is counted; null where nothing was ever recorded for the product
--   friction_authors  bigint   distinct authors with a friction mention; null on a day not heard
--   authors           bigint   distinct authors with any mention; null on a day not heard
--   exposure          double   how many could have complained; null where nobody said
--   per_1000          double   friction authors per 1,000 of exposure
--   per_1000_low      double   lower bound of per_1000
--   per_1000_high     double   upper bound of per_1000
--   added_over        text[]   what exposure was added up over: version, hour, names of segments; empty where it was recorded
--   null_reason       text     why per_1000 is null; null where it is not
-- Example:
--   SELECT day, friction_authors, exposure, per_1000, per_1000_low, per_1000_high FROM exposure_rates
--   WHERE product = 'firefox' AND touchpoint = 'any' AND version = 'any' AND measure = 'active devices' ORDER BY day
-- Cost: as friction_daily_product for version any, and the product's whole series for its first and last day; single
--   versions read event_touchpoints.
CREATE OR REPLACE VIEW exposure_rates AS
WITH spoken AS NOT MATERIALIZED (
    SELECT product, 'any' AS version, touchpoint, day, authors, friction_authors
    FROM rollup_daily_product
    WHERE product IS NOT NULL
    UNION ALL
    SELECT product, version, touchpoint, day, count(*), count(*) FILTER (friction)
    FROM (
        SELECT product, version, touchpoint, day, person, bool_or(friction) AS friction
        FROM event_touchpoints
        WHERE product IS NOT NULL AND version IS NOT NULL AND day IS NOT NULL
        GROUP BY product, version, touchpoint, day, person
    )
    GROUP BY product, version, touchpoint, day
),
heard AS NOT MATERIALIZED (
    SELECT product, min(day) AS first_day, max(day) AS last_day, list(DISTINCT touchpoint) AS touchpoints
    FROM rollup_daily_product
    GROUP BY product
),
measured AS NOT MATERIALIZED (
    SELECT
        product, touchpoint, version, day, measure,
        any_value(authors) AS authors,
        any_value(friction_authors) AS friction_authors,
        bool_or(is_heard) AS is_heard,
        bool_or(has_exposure) AS has_exposure,
        any_value(exposure) AS exposure,
        any_value(added_over) AS added_over,
        any_value(exposure_reason) AS exposure_reason
    FROM (
        SELECT
            product, touchpoint, version, day, measure, authors, friction_authors, true AS is_heard,
            false AS has_exposure, NULL::DOUBLE AS exposure, NULL::VARCHAR[] AS added_over,
            NULL::VARCHAR AS exposure_reason
        FROM spoken
        LEFT JOIN (SELECT DISTINCT product, measure FROM exposure) USING (product)
        UNION ALL
        SELECT
            product, unnest(touchpoints), version, day, measure, NULL, NULL,
            day BETWEEN first_day AND last_day AND (product, day) NOT IN (SELECT (product, day) FROM product_gaps), true, exposure, added_over, null_reason
        FROM exposure_daily
        JOIN heard USING (product)
    )
    GROUP BY product, touchpoint, version, day, measure
),
judged AS NOT MATERIALIZED (
    SELECT
        * REPLACE (
            if(is_heard, coalesce(authors, 0), NULL) AS authors,
            if(is_heard, coalesce(friction_authors, 0), NULL) AS friction_authors
        ),
        CASE
            WHEN measure IS NULL THEN 'no exposure recorded for this product'
            WHEN NOT has_exposure AND version = 'any' THEN 'no exposure recorded for this day'
            WHEN NOT has_exposure THEN 'no exposure recorded for this version on this day'
            WHEN exposure_reason IS NOT NULL THEN exposure_reason
            WHEN NOT is_heard THEN 'day not heard: outside the first and last day of the product''s feedback, or in a gap of its sources'
        END AS null_reason
    FROM measured
)
SELECT
    product, touchpoint, version, day, measure, friction_authors, authors, exposure,
    if(null_reason IS NULL, 1000 * friction_authors / exposure, NULL) AS per_1000,
    if(null_reason IS NULL, 1000 * count_low(friction_authors) / exposure, NULL) AS per_1000_low,
    if(null_reason IS NULL, 1000 * count_high(friction_authors) / exposure, NULL) AS per_1000_high,
    coalesce(added_over, []) AS added_over,
    null_reason
FROM judged;
