-- theme_mentions: what theme a mention is about.
-- Grain: one row per mention that has a theme.
-- Units: offsets in characters; similarity is 1 or more.
-- Definition: customers' mentions that express friction or request a feature, as tribometer themes update last assigned
--   them: an edit or a deletion is seen after the next update, an erasure at once. A merged theme is shown as the one
--   it counts under. Texts are not here: see theme_quotes.
-- Columns:
--   theme_id      text     theme it counts under
--   event_id      text     revision it belongs to
--   mention       bigint   its place in the event, from 1
--   source        text     where it came from
--   channel       text     support, survey, review, social, forum or other
--   author        text     whom to count: author_key, or the event itself where no author is known
--   author_key    text     pseudonym of the author, null where unknown
--   occurred_at   instant  when the customer said it
--   day           date     UTC day of occurred_at. Filter on it: it prunes files
--   product       text     product, null where the source does not say
--   version       text     version, null where unknown
--   touchpoint    text     touchpoint, or other where none is likely enough
--   friction      boolean  whether it expresses friction
--   similarity    double   what the theme's terms weigh in it
--   found_as      text     theme it was assigned to, before merges
--   text_start    int      where the mention starts in the event's text, from 0
--   text_end      int      where it ends
-- Example:
--   SELECT theme_id, count(DISTINCT author) AS people FROM theme_mentions
--   WHERE product = 'firefox' AND day >= '2021-06-01' GROUP BY theme_id ORDER BY people DESC
-- Cost: narrow rows of the days asked for, and the small ledger.
CREATE OR REPLACE VIEW theme_mentions AS
WITH RECURSIVE latest AS (
    SELECT theme_id, merged_into
    FROM tables.themes
    QUALIFY row_number() OVER (PARTITION BY theme_id ORDER BY recorded_at DESC) = 1
),
merged AS (
    SELECT theme_id AS found_as, theme_id, 0 AS step FROM latest
    UNION ALL
    SELECT merged.found_as, latest.merged_into, step + 1
    FROM merged
    JOIN latest ON latest.theme_id = merged.theme_id
    WHERE latest.merged_into IS NOT NULL AND step < 100
),
targets AS (
    SELECT found_as, arg_max(theme_id, step) AS theme_id FROM merged GROUP BY found_as
)
SELECT
    targets.theme_id, event_id, mention, source, channel, coalesce(author_key, event_id) AS author, author_key,
    occurred_at, try_cast(day AS DATE) AS day, product, version, touchpoint, friction, similarity,
    found_as, stored.start AS text_start, stored."end" AS text_end
FROM tables.theme_mentions AS stored
JOIN targets ON targets.found_as = stored.theme_id
WHERE stored.superseded_at IS NULL OR stored.superseded_at > getvariable('tribometer_as_of')::TIMESTAMPTZ;
