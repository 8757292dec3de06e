-- releases: which version a product's customers had from when on, by the launch ledger.
-- Grain: one row per release or fix that has a version, reached half of the users and is not deleted.
-- Units: instants in UTC.
-- Definition: a release is in force from the first step of its roll-out that reached half of the users, else from
--   launched_at; one that never reached half is left out. From in_force_at on an event of the product that names no version is taken to be about this one, until
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
SELECT
    product, platform, version,
    if(len(rollout) = 0, launched_at, list_filter(rollout, lambda step: step.share >= 0.5)[1].at) AS in_force_at,
    launch_id
FROM launches
WHERE version IS NOT NULL AND kind IN ('release', 'fix') AND in_force_at IS NOT NULL;
