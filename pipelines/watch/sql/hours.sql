-- People with friction in each hour from $begin on, an unknown author as a half.
SELECT
    epoch(occurred_at)::BIGINT // 3600 AS hour,
    count(DISTINCT author) FILTER (known) + 0.5 * count(DISTINCT author) FILTER (NOT known) AS people
FROM items
WHERE occurred_at >= $begin
GROUP BY hour
ORDER BY hour;
