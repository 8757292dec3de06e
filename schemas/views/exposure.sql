-- exposure: how many people could have complained, where somebody has told.
-- Grain: one row per product, day, hour, version, segment and measure, as recorded last.
-- Units: count in what measure names: sessions, orders or active devices.
-- Definition: `tribometer exposure import` writes it; of several numbers for the same thing the one recorded last
--   counts. Days and their hours, a total and its versions or segments may stand beside each other: do not add up
--   rows without choosing. exposure_rates does, and divides friction by them.
-- Columns:
--   product      text     product, spelt as in events.product
--   day          date     UTC day; where the numbers came by day, the day as their file had it
--   version      text     version, spelt as in events.version; null for all together
--   measure      text     what is counted
--   count        double   the number
--   recorded_at  instant  when this number was recorded
--   hour         instant  start of the hour that is counted, null for the whole day
--   segment      map      which part of the users is counted, by name; empty for all of them
-- Example:
--   SELECT measure, min(day), max(day), sum(count) FROM exposure
--   WHERE product = 'firefox' AND version IS NULL AND hour IS NULL AND cardinality(segment) = 0 GROUP BY measure
-- Cost: one small table.
CREATE OR REPLACE VIEW exposure AS
SELECT product, day, version, measure, count, recorded_at, hour, segment
FROM (
    -- By name, because two maps of another order are two values.
    SELECT * REPLACE (
        canonical_version(version) AS version,
        map_from_entries(list_sort(map_entries(coalesce(segment, MAP {})))) AS segment
    )
    FROM tables.exposure
)
QUALIFY row_number() OVER (
    PARTITION BY product, day, hour, version, segment, measure ORDER BY recorded_at DESC, count DESC
) = 1;
