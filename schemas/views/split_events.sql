-- split_events: events whose revisions lie on several days, which the source mapping must not allow.
-- Grain: one row per source, account and native_id with revisions on more than one day.
-- Units: counts.
-- Definition: the day comes from occurred_at, which must not change; where it is mapped from a time that edits move,
--   each day's revisions count as an event of their own. Mend the mapping and replay.
-- Columns:
--   source     text    source
--   account    text    account of the source, where it has several
--   native_id  text    the source's own identity of the event
--   days       bigint  days its revisions lie on
-- Example:
--   SELECT source, count(*) FROM split_events GROUP BY source
-- Cost: reads identities over the whole history.
CREATE OR REPLACE VIEW split_events AS
WITH suspects AS (
    -- By one number first: ten million identities are grouped in a third of the time.
    SELECT hash(source, account, native_id) AS number
    FROM feedback
    GROUP BY number
    HAVING min(day) < max(day)
)
SELECT source, account, native_id, count(DISTINCT day) AS days
FROM feedback
SEMI JOIN suspects ON suspects.number = hash(source, account, native_id)
GROUP BY source, account, native_id
HAVING days > 1;
