-- theme_quotes: what people say of a theme, one quote each.
-- Grain: one row per author of the theme.
-- Units: instants in UTC; similarity is 1 or more.
-- Definition: of each author the mention whose words are most of the theme. Themes of fewer than k distinct authors
--   have no rows, so that no quote can be laid at one person's door. Without a theme all themes are read.
-- Parameters:
--   theme  text  theme_id, or its first digits; null for all
--   k      int   fewest distinct authors; 5 unless said
-- Columns:
--   theme_id     text     theme
--   quote        text     the mention, without personal data
--   similarity   double   what the theme's terms weigh in it
--   day          date     UTC day
--   touchpoint   text     touchpoint, or other where none is likely enough
--   source       text     where it came from
--   version      text     version, null where unknown
--   url          text     where to read it at its source
--   event_id     text     revision it belongs to
-- Example:
--   SELECT day, quote FROM theme_quotes(theme := '4f2a') ORDER BY similarity DESC, day LIMIT 20
-- Cost: the texts of the days on which the theme was spoken of.
CREATE OR REPLACE MACRO theme_quotes(theme := NULL, k := 5) AS TABLE
WITH wanted AS (
    SELECT t.* FROM theme_mentions AS t WHERE theme IS NULL OR starts_with(t.theme_id, theme)
),
shown AS (
    SELECT *
    FROM wanted
    WHERE theme_id IN (SELECT theme_id FROM wanted GROUP BY theme_id HAVING count(DISTINCT author) >= k)
    QUALIFY row_number() OVER (
        PARTITION BY theme_id, author ORDER BY similarity DESC, occurred_at, event_id, mention
    ) = 1
)
SELECT
    shown.theme_id,
    substring(events.text, text_start + 1, text_end - text_start) AS quote,
    similarity, shown.day, shown.touchpoint, shown.source, shown.version, events.url, shown.event_id
FROM shown
JOIN events ON events.day = shown.day AND events.event_id = shown.event_id;
