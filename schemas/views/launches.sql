-- launches: releases, fixes, campaigns and outages, each in its latest edit.
-- Grain: one row per launch that is not deleted.
-- Units: instants in UTC; shares 0 to 1.
-- Definition: the ledger keeps every edit; the one recorded last counts. `tribometer launches` writes it. Neighbours
--   are the launches of the same product that came out within 14 days before or after, of any kind, and not on
--   another platform: what the two did to friction cannot be told apart.
-- Columns:
--   launch_id    text      identity of the launch
--   product      text      product, spelt as in events.product
--   version      text      version, spelt as in events; null where the launch has none
--   launched_at  instant   when it reached customers
--   day          date      UTC day of launched_at
--   kind         text      release, fix, campaign or outage
--   touchpoints  text[]    touchpoints it touches; empty where nobody said
--   title        text      what people call it
--   note         text      what changed
--   url          text      where to read more
--   recorded_at  instant   when this edit was recorded
--   platform     text      where it came out, as in ios or android; null for everywhere
--   rollout      struct[]  at and share: from when which share of users had it; empty where nobody said
--   recorded_by  text      which way this edit came in: cli, import, pubsub, github, app_store; null before there were several
--   planned      boolean   whether launched_at is still to come: after now, or after the --as-of of the reader
--   neighbours   text[]    launch_ids of its neighbours in order of time; empty where it has none
-- Example:
--   SELECT day, version, title, len(neighbours) AS others_near FROM launches WHERE product = 'firefox' ORDER BY day
-- Cost: one small table.
CREATE OR REPLACE VIEW launches AS
WITH standing AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT * FROM tables.launches
        QUALIFY row_number() OVER (PARTITION BY launch_id ORDER BY recorded_at DESC, deleted DESC) = 1
    )
    WHERE NOT deleted
),
near AS NOT MATERIALIZED (
    SELECT one.launch_id, list(other.launch_id ORDER BY other.launched_at, other.launch_id) AS neighbours
    FROM standing AS one
    JOIN standing AS other
        ON other.product = one.product
        AND other.launch_id <> one.launch_id
        AND other.launched_at BETWEEN one.launched_at - INTERVAL 14 DAY AND one.launched_at + INTERVAL 14 DAY
        AND coalesce(other.platform = one.platform, true)
    GROUP BY one.launch_id
)
SELECT
    launch_id, product, canonical_version(version) AS version, launched_at,
    (launched_at AT TIME ZONE 'UTC')::DATE AS day, kind, touchpoints,
    title, note, url, recorded_at, platform, coalesce(rollout, []) AS rollout, recorded_by,
    launched_at > coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) AS planned,
    coalesce(neighbours, []) AS neighbours
FROM standing
LEFT JOIN near USING (launch_id);
