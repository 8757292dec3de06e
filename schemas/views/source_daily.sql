-- source_daily: what each source delivered each day.
-- Grain: one row per source and day with at least one revision; day is null for impossible dates.
-- Units: counts; instants in UTC; lag in seconds.
-- Definition: days are those of occurred_at. Lag is from occurred_at to the first receipt of the event: in a replay of
--   old files it is their age.
-- Columns:
--   source              text     source
--   day                 date     UTC day; null for an impossible date. Filter on it: it prunes files
--   events              bigint   events whose latest revision is not a deletion
--   authors             bigint   distinct authors of these
--   revisions           bigint   stored revisions, deletions among them
--   deleted             bigint   events whose latest revision is a deletion
--   unscored            bigint   events the scorer gave no scores (language, noise, no text)
--   noise               bigint   those of them that are spam, automatic messages or agents' replies
--   first_event_at      instant  earliest event
--   last_event_at       instant  latest event
--   last_received_at    instant  latest receipt of a revision
--   median_lag_seconds  double   median lag over events
--   products            text[]   products these are about
-- Example:
--   SELECT day, events, median_lag_seconds FROM source_daily WHERE source = 'play_reviews' ORDER BY day
-- Cost: stored rows are read for days that are rolled up; other days are computed from revisions.
CREATE OR REPLACE VIEW source_daily AS
WITH by_event AS (
    SELECT
        source, try_cast(day AS DATE) AS day,
        count(*) AS revisions,
        arg_max(product, (revised_at, received_at, event_id)) AS product,
        arg_max(deleted, (revised_at, received_at, event_id)) AS is_deleted,
        arg_max(unscored_reason IS NOT NULL, (revised_at, received_at, event_id)) AS is_unscored,
        arg_max(coalesce(unscored_reason LIKE 'noise:%', false), (revised_at, received_at, event_id)) AS is_noise,
        arg_max(coalesce(author_key, event_id), (revised_at, received_at, event_id)) AS author,
        min(occurred_at) AS first_event_at,
        max(occurred_at) AS last_event_at,
        min(received_at) AS first_received_at,
        max(received_at) AS last_received_at
    FROM revisions
    GROUP BY source, account, native_id, day
)
SELECT
    source, day,
    count(*) FILTER (NOT is_deleted) AS events,
    count(DISTINCT author) FILTER (NOT is_deleted) AS authors,
    sum(revisions)::BIGINT AS revisions,
    count(*) FILTER (is_deleted) AS deleted,
    count(*) FILTER (is_unscored AND NOT is_deleted) AS unscored,
    count(*) FILTER (is_noise AND NOT is_deleted) AS noise,
    min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at,
    max(last_received_at) AS last_received_at,
    median(date_diff('second', first_event_at, first_received_at)) AS median_lag_seconds,
    coalesce(list(DISTINCT product ORDER BY product) FILTER (NOT is_deleted AND product IS NOT NULL), []) AS products
FROM by_event
GROUP BY source, day;
