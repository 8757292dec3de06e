-- releases: which version a product's customers had from when on, by the launch ledger.
-- Grain: one row per release or fix that has a version and is not deleted.
-- Units: instants in UTC.
-- Definition: from in_force_at on an event of the product that names no version is taken to be about this one, until
--   the next comes into force. It is a guess: people are late to update, and tell of older versions.
-- Columns:
--   product      text     product, spelt as in events.product
--   platform     text     platform it is for, null for all
--   version      text     version
--   in_force_at  instant  when it reached customers
--   launch_id    text     launch
-- Example:
--   SELECT version, in_force_at FROM releases WHERE product = 'firefox' ORDER BY in_force_at
-- Cost: one small table.
CREATE OR REPLACE VIEW releases AS
SELECT product, NULL::VARCHAR AS platform, version, launched_at AS in_force_at, launch_id
FROM launches
WHERE version IS NOT NULL AND kind IN ('release', 'fix');
