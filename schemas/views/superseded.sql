-- superseded: revisions that are not shown: those a later one replaced, and deletions.
-- Grain: one row per revision.
-- Units: none.
-- Definition: what events leaves out of revisions. The latest revision of an event is the one with the greatest
--   (revised_at, received_at, event_id); it is superseded where it is a deletion, all earlier ones always are.
-- Columns:
--   event_id  text     the revision
--   source    text     where it came from
--   day       date     UTC day; null for an impossible date. Filter on it: it prunes files
--   deletion  boolean  whether it is a deletion, else an earlier revision
-- Example:
--   SELECT source, count(*) FILTER (NOT deletion) AS edited, count(*) FILTER (deletion) AS deleted
--   FROM superseded WHERE day >= '2021-06-01' GROUP BY source
-- Cost: stored rows are read for days that are rolled up; of other days the identities are read, and no texts.
CREATE OR REPLACE VIEW superseded AS
SELECT event_id, source, day, deleted AS deletion
FROM (
    SELECT event_id, source, account, native_id, revised_at, received_at, deleted, try_cast(day AS DATE) AS day
    FROM tables.feedback
)
-- The day is a key of the window although it does not change a group: it lets a filter on day skip files.
QUALIFY deleted OR dense_rank() OVER (
    PARTITION BY day, source, account, native_id
    ORDER BY revised_at DESC, received_at DESC, event_id DESC
) > 1;
