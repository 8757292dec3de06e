-- Who speaks in the window: distinct people, posts, conversations, the most posts of one, and what came after the close
-- of its hour ($lateness_seconds after its end).
SELECT
    count(DISTINCT author) AS authors,
    count(DISTINCT author) FILTER (known) + 0.5 * count(DISTINCT author) FILTER (NOT known) AS people,
    count(DISTINCT event_id) AS posts,
    count(DISTINCT conversation) AS conversations,
    coalesce((
        SELECT max(posts) FROM (SELECT count(DISTINCT event_id) AS posts FROM items WHERE during GROUP BY author)
    ), 0) AS most_posts,
    count(DISTINCT event_id) FILTER (
        epoch(received_at) > (epoch(occurred_at)::BIGINT // 3600 + 1) * 3600 + $lateness_seconds
    ) AS back_filled,
    mode(model_version) AS model_version
FROM items
WHERE during;
