-- source_health: whether each source still speaks, and how much of what it says is lost.
-- Grain: one row per source with feedback or dead letters.
-- Units: counts; shares 0 to 1; instants in UTC; days_silent in whole UTC days up to now.
-- Definition: dead_share = dead_letters / (dead_letters + revisions). Events with impossible dates are counted in
--   invalid_dated and in no other date column. An event in unscored has no mentions, hence no part in the rates;
--   events.unscored_reason says why it has no scores.
--   Dead letters are closed to most users: where you may not read them, their three columns are null, which means
--   unknown, and a source of dead letters only has no row. They stand under the source of their mapping.
-- Columns:
--   source            text     source
--   events            bigint   events whose latest revision is not a deletion
--   revisions         bigint   stored revisions, deletions among them
--   deleted           bigint   events whose latest revision is a deletion
--   unscored          bigint   events the scorer gave no scores (language, noise, no text)
--   noise             bigint   those of them that are spam, automatic messages or agents' replies
--   invalid_dated     bigint   events dated outside 1990 to 2099; excluded from all day series
--   split_events      bigint   events whose revisions lie on several days: occurred_at is mapped from a time that edits
--   first_event_at    instant  earliest event
--   last_event_at     instant  latest event
--   last_received_at  instant  latest receipt of a revision
--   days_silent       bigint   days since the day of the latest event
--   dead_letters      bigint   messages that could not be accepted; null where you may not read them
--   dead_share        double   their share of all messages; null where you may not read them
--   last_dead_at      instant  latest receipt of a dead letter; null without one
-- Example:
--   SELECT source, days_silent, dead_share FROM source_health WHERE days_silent > 2 OR dead_share > 0.01
-- Cost: reads identities and times over the whole history.
CREATE OR REPLACE VIEW source_health AS
WITH by_day AS (
    SELECT
        source, account, native_id, day,
        count(*) AS revisions,
        arg_max(deleted, (revised_at, received_at, event_id)) AS is_deleted,
        arg_max(unscored_reason IS NOT NULL, (revised_at, received_at, event_id)) AS is_unscored,
        arg_max(coalesce(unscored_reason LIKE 'noise:%', false), (revised_at, received_at, event_id)) AS is_noise,
        min(occurred_at) FILTER (day <> 'invalid') AS first_event_at,
        max(occurred_at) FILTER (day <> 'invalid') AS last_event_at,
        max(received_at) AS last_received_at
    FROM revisions
    GROUP BY source, account, native_id, day
),
by_event AS (
    SELECT
        source, native_id,
        sum(revisions) AS revisions,
        count(*) FILTER (NOT is_deleted) AS events,
        count(*) FILTER (is_deleted) AS deleted,
        count(*) FILTER (is_unscored AND NOT is_deleted) AS unscored,
        count(*) FILTER (is_noise AND NOT is_deleted) AS noise,
        count(*) FILTER (day = 'invalid' AND NOT is_deleted) AS invalid_dated,
        count(*) > 1 AS is_split,
        min(first_event_at) AS first_event_at,
        max(last_event_at) AS last_event_at,
        max(last_received_at) AS last_received_at
    FROM by_day
    GROUP BY source, account, native_id
),
accepted AS (
    SELECT
        source,
        sum(events)::BIGINT AS events,
        sum(revisions)::BIGINT AS revisions,
        sum(deleted)::BIGINT AS deleted,
        sum(unscored)::BIGINT AS unscored,
        sum(noise)::BIGINT AS noise,
        sum(invalid_dated)::BIGINT AS invalid_dated,
        count(*) FILTER (is_split) AS split_events,
        min(first_event_at) AS first_event_at,
        max(last_event_at) AS last_event_at,
        max(last_received_at) AS last_received_at
    FROM by_event
    GROUP BY source
),
dead AS (
    SELECT source, count(*) AS dead_letters, max(received_at) AS last_dead_at
    FROM tables.dead_letters
    GROUP BY source
)
SELECT
    source,
    coalesce(events, 0) AS events,
    coalesce(revisions, 0) AS revisions,
    coalesce(deleted, 0) AS deleted,
    coalesce(unscored, 0) AS unscored,
    coalesce(noise, 0) AS noise,
    coalesce(invalid_dated, 0) AS invalid_dated,
    coalesce(split_events, 0) AS split_events,
    first_event_at, last_event_at, last_received_at,
    date_diff(
        'day', (last_event_at AT TIME ZONE 'UTC')::DATE, (coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) AT TIME ZONE 'UTC')::DATE
    ) AS days_silent,
    if(closed, NULL, coalesce(dead.dead_letters, 0)) AS dead_letters,
    if(
        closed, NULL, coalesce(dead.dead_letters, 0) / (coalesce(dead.dead_letters, 0) + coalesce(revisions, 0))
    ) AS dead_share,
    last_dead_at
FROM accepted
FULL JOIN dead USING (source)
CROSS JOIN (SELECT coalesce(getvariable('tribometer_dead_letters_closed'), false) AS closed);
