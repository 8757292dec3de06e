-- The sources that speak of the product in the window, with their health (over all products and days).
SELECT
    health.source, mine.channel, mine.events, mine.authors, mine.first_day, mine.last_day, mine.unscored,
    health.deleted, health.dead_letters, health.dead_share, health.invalid_dated
FROM (
    SELECT
        source, any_value(channel) AS channel, count(*) AS events, count(DISTINCT author) AS authors,
        min(day) AS first_day, max(day) AS last_day, count(*) FILTER (unscored) AS unscored
    FROM heard
    WHERE day >= $first_day
    GROUP BY source
) AS mine
JOIN source_health AS health USING (source)
ORDER BY mine.events DESC, health.source;
