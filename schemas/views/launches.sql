-- launches: releases, fixes, campaigns and outages, each in its latest edit.
-- Grain: one row per launch that is not deleted.
-- Units: instants in UTC.
-- Definition: the ledger keeps every edit; the one recorded last counts. `tribometer launches` writes it.
-- Columns:
--   launch_id    text     identity of the launch
--   product      text     product, spelt as in events.product
--   version      text     version, spelt as in events; null where the launch has none
--   launched_at  instant  when it reached customers
--   day          date     UTC day of launched_at
--   kind         text     release, fix, campaign or outage
--   touchpoints  text[]   touchpoints it touches; empty where nobody said
--   title        text     what people call it
--   note         text     what changed
--   url          text     where to read more
--   recorded_at  instant  when this edit was recorded
-- Example:
--   SELECT day, version, title FROM launches WHERE product = 'firefox' ORDER BY day
-- Cost: one small table.
CREATE OR REPLACE VIEW launches AS
SELECT
    launch_id, product, canonical_version(version) AS version, launched_at, (launched_at AT TIME ZONE 'UTC')::DATE AS day, kind, touchpoints,
    title, note, url, recorded_at
FROM (
    SELECT * FROM tables.launches
    QUALIFY row_number() OVER (PARTITION BY launch_id ORDER BY recorded_at DESC, deleted DESC) = 1
)
WHERE NOT deleted;
