-- theme_daily: how many people speak of each theme, day by day.
-- Grain: one row per product, theme and day with at least one mention.
-- Units: distinct authors.
-- Definition: as theme_mentions; do not add authors over days. Only themes of five authors or more (see themes).
-- Columns:
--   product           text    product, null where the source does not say
--   theme_id          text    theme
--   day               date    UTC day. Filter on it: it prunes files
--   authors           bigint  distinct authors
--   friction_authors  bigint  distinct authors with friction
-- Example:
--   SELECT day, d.friction_authors FROM theme_daily AS d JOIN themes USING (product, theme_id)
--   WHERE product = 'firefox' AND title LIKE '%space bar%' ORDER BY day
-- Cost: theme_mentions; the rule of five authors reads all its days.
CREATE OR REPLACE VIEW theme_daily AS
SELECT
    product, theme_id, day,
    count(DISTINCT author) AS authors,
    count(DISTINCT author) FILTER (friction) AS friction_authors
FROM theme_mentions
WHERE theme_id IN (SELECT theme_id FROM theme_mentions GROUP BY theme_id HAVING count(DISTINCT author) >= 5)
GROUP BY product, theme_id, day;
