-- exposure_daily: how many could have complained that day, one number for each measure.
-- Grain: one row per product, version, day and measure; version any is all versions together.
-- Units: exposure in what measure names.
-- Definition: the number recorded for the product's day: of a version that version's own number, of version any the
--   one without a version. Where there is none for just that, its parts are added up, of one kind only and the
--   coarsest: numbers for all users before segments, whole days before hours, all versions before single ones. Added
--   segments must all be by the same names (all by plan, or all by plan and country); else exposure is null. Adding up
--   is right for what adds up, as sessions and orders; a device that is active in two hours is in both, so record the
--   day's own number of those. added_over says what was added up.
-- Columns:
--   product      text    product, spelt as in events.product
--   version      text    version, or any for all together
--   day          date    UTC day
--   measure      text    what is counted
--   exposure     double  how many could have complained; null where it cannot be said
--   added_over   text[]  what exposure was added up over: version, hour, names of segments; empty where it was recorded
--   null_reason  text    why nothing can be divided by it; null where it can
-- Example:
--   SELECT day, exposure FROM exposure_daily WHERE product = 'firefox' AND version = 'any' ORDER BY day
-- Cost: one small table.
CREATE OR REPLACE VIEW exposure_daily AS
WITH parts AS (
    SELECT
        product, asked AS version, day, measure,
        map_keys(segment) AS names,
        hour IS NOT NULL AS is_hourly,
        version IS NOT NULL AND asked = 'any' AS is_versioned,
        sum(count) AS total,
        min(count) AS lowest
    FROM (SELECT *, unnest(if(version IS NULL, ['any'], ['any', version])) AS asked FROM exposure)
    GROUP BY ALL
),
coarsest AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY product, version, day, measure, len(names), is_hourly, is_versioned) > 1
            AS is_ambiguous
    FROM parts
    QUALIFY row_number() OVER (
        PARTITION BY product, version, day, measure ORDER BY len(names), is_hourly, is_versioned, names
    ) = 1
)
SELECT
    product, version, day, measure,
    if(is_ambiguous, NULL, total) AS exposure,
    list_concat(if(is_versioned, ['version'], []), if(is_hourly, ['hour'], []), names) AS added_over,
    CASE
        WHEN is_ambiguous THEN 'exposure recorded by different segments only, which do not add up'
        WHEN NOT isfinite(total) THEN 'exposure is not a number'
        WHEN lowest < 0 THEN 'negative exposure'
        WHEN total = 0 THEN 'zero exposure'
    END AS null_reason
FROM coarsest;
