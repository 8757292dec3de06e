-- What customers said from $first_day to $last_day, as far as the watch counts it: one row per event.
-- `hour` is the UTC hour since 1970. `touchpoints` are those with friction, none where it holds none. `text` is there
-- where it does. An event dated more than an hour after it was received says nothing about when it was said.
SELECT
    epoch(occurred_at)::BIGINT // 3600 AS hour,
    coalesce(product, '') AS product,
    source, author_key, event_id, thread,
    list_sort(list_distinct([m.touchpoint FOR m IN mentions IF m.friction_p >= 0.5])) AS touchpoints,
    if(len(touchpoints) > 0, text, NULL) AS text,
    coalesce(starts_with(unscored_reason, 'noise:'), false) AS noise,
    unscored_reason IS NULL AS scored,
    occurred_at > received_at + INTERVAL 1 HOUR AS in_future
FROM events
WHERE author_kind = 'customer' AND day BETWEEN $first_day AND $last_day
ORDER BY event_id;
