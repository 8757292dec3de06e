-- The $events newest events of some days, as far as their dates can be believed: an event dated more than an hour after
-- it was received says nothing about the time. `lag_seconds` is from what it is dated to its receipt.
SELECT epoch(occurred_at) AS occurred, epoch(received_at) - epoch(occurred_at) AS lag_seconds
FROM tables.feedback
WHERE day BETWEEN $first_day AND $last_day AND occurred_at <= received_at + INTERVAL 1 HOUR
ORDER BY occurred_at DESC, event_id
LIMIT $events;
