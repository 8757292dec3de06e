-- Candidates for quotes: of each person the clause of the surest friction, of the lengths that can be read at a glance.
SELECT event_id, source, occurred_at, day, touchpoint, version, text_start, text_end, text, author, strength
FROM items
WHERE during AND length(text) BETWEEN 25 AND 400
QUALIFY row_number() OVER (PARTITION BY author ORDER BY strength DESC, event_id, mention) = 1
ORDER BY strength DESC, event_id
LIMIT 300;
