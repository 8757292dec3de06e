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
--   first_event_at    instant  earliest event
--   last_event_at     instant  latest event
--   last_received_at  instant  latest receipt of a revision
--   days_silent       bigint   days since the day of the latest event
--   gaps              bigint   times it was silent although it should have spoken: source_gaps has them
--   gap_days          bigint   days of these
--   silent            boolean  whether it is silent now although it should speak
--   median_lag        double   seconds from occurred_at to receipt, median of the daily medians
--   dead_letters      bigint   messages that could not be accepted; null where you may not read them
--   dead_share        double   their share of all messages; null where you may not read them
--   last_dead_at      instant  latest receipt of a dead letter; null without one
-- Example:
--   SELECT source, days_silent, dead_share FROM source_health WHERE days_silent > 2 OR dead_share > 0.01
-- Cost: that of source_daily over the whole history.
CREATE OR REPLACE VIEW source_health AS
WITH accepted AS (
    SELECT
        source,
        sum(events)::BIGINT AS events,
        sum(revisions)::BIGINT AS revisions,
        sum(deleted)::BIGINT AS deleted,
        sum(unscored)::BIGINT AS unscored,
        sum(noise)::BIGINT AS noise,
        coalesce(sum(events) FILTER (day IS NULL), 0)::BIGINT AS invalid_dated,
        min(first_event_at) FILTER (day IS NOT NULL) AS first_event_at,
        max(last_event_at) FILTER (day IS NOT NULL) AS last_event_at,
        max(last_received_at) AS last_received_at,
        median(median_lag_seconds) FILTER (day IS NOT NULL) AS median_lag
    FROM source_daily
    GROUP BY source
),
gaps AS (
    SELECT source, count(*) AS gaps, sum(days)::BIGINT AS gap_days, bool_or(goes_on) AS silent
    FROM source_gaps
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
    first_event_at, last_event_at, last_received_at,
    date_diff(
        'day', (last_event_at AT TIME ZONE 'UTC')::DATE, (coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) AT TIME ZONE 'UTC')::DATE
    ) AS days_silent,
    coalesce(gaps, 0) AS gaps,
    coalesce(gap_days, 0) AS gap_days,
    coalesce(silent, false) AS silent,
    median_lag,
    if(closed, NULL, coalesce(dead.dead_letters, 0)) AS dead_letters,
    if(
        closed, NULL, coalesce(dead.dead_letters, 0) / (coalesce(dead.dead_letters, 0) + coalesce(revisions, 0))
    ) AS dead_share,
    last_dead_at
FROM accepted
FULL JOIN dead USING (source)
LEFT JOIN gaps USING (source)
CROSS JOIN (SELECT coalesce(getvariable('tribometer_dead_letters_closed'), false) AS closed);
