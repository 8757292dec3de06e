-- The clauses an alert is about and those of the $days days before, as a table: friction of $product at $touchpoint, or
-- anywhere where that is *. `during`: said in the window from $begin to $end, end exclusive.
CREATE OR REPLACE TEMP TABLE items AS
SELECT
    event_id, mention,
    coalesce(author_key, event_id) AS author, author_key IS NOT NULL AS known,
    coalesce(thread, event_id) AS conversation,
    source, m.touchpoint AS touchpoint, version,
    coalesce(segment['locale'], language) AS locale,
    occurred_at, received_at, day, model_version,
    occurred_at >= $begin AS during,
    m.friction_p AS strength,
    m.start AS text_start, m."end" AS text_end,
    substring(text, m.start + 1, m."end" - m.start) AS text
FROM (
    SELECT *, unnest(mentions) AS m, generate_subscripts(mentions, 1) AS mention
    FROM events
    WHERE author_kind = 'customer' AND occurred_at <= received_at + INTERVAL 1 HOUR
        AND coalesce(product, '') = $product
        AND day BETWEEN ($begin AT TIME ZONE 'UTC')::DATE - $days::INTEGER AND ($end AT TIME ZONE 'UTC')::DATE
        AND occurred_at >= $begin - INTERVAL 1 DAY * $days AND occurred_at < $end
)
WHERE m.friction_p >= 0.5 AND ($touchpoint = '*' OR m.touchpoint = $touchpoint);
