-- exposure: how many people could have complained, where somebody has told.
-- Grain: one row per product, day, version and measure, as recorded last.
-- Units: count in what measure names: sessions, orders or active devices.
-- Definition: friction_authors / count is friction per session, order or device, comparable over quiet and busy days.
-- Columns:
--   product      text     product, spelt as in events.product
--   day          date     UTC day
--   version      text     version, null for all together
--   measure      text     what is counted
--   count        double   the number
--   recorded_at  instant  when this number was recorded
-- Example:
--   SELECT day, 1e6 * friction_authors / count AS friction_authors_per_million
--   FROM friction_daily_product JOIN exposure USING (product, day)
--   WHERE product = 'firefox' AND touchpoint = 'any' AND measure = 'active devices'
-- Cost: one small table.
CREATE OR REPLACE VIEW exposure AS
SELECT product, day, version, measure, count, recorded_at
FROM tables.exposure
QUALIFY row_number() OVER (PARTITION BY product, day, version, measure ORDER BY recorded_at DESC) = 1;
