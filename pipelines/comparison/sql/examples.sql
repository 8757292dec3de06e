-- The mentions that change most, $each of each kind, one an event; a mention may stand under several kinds.
WITH kinds AS (
    SELECT 'friction gained' AS change, friction_p_b - friction_p_a AS size, *
    FROM compared.changes
    WHERE friction_b AND NOT friction_a
    UNION ALL
    SELECT 'friction lost', friction_p_a - friction_p_b, *
    FROM compared.changes
    WHERE friction_a AND NOT friction_b
    UNION ALL
    SELECT 'other touchpoint', abs(friction_p_a - friction_p_b), *
    FROM compared.changes
    WHERE touchpoint_a <> touchpoint_b
    UNION ALL
    SELECT 'sentiment flipped', abs(sentiment_a - sentiment_b), *
    FROM compared.changes
    WHERE sentiment_label_a <> sentiment_label_b AND 'neutral' NOT IN (sentiment_label_a, sentiment_label_b)
)
SELECT
    change, event_id, text_start, text_end, touchpoint_a, touchpoint_b, friction_p_a, friction_p_b,
    sentiment_a, sentiment_b, text
FROM (
    SELECT *
    FROM kinds
    QUALIFY row_number() OVER (PARTITION BY change, event_id ORDER BY size DESC, text_start, text_end) = 1
)
QUALIFY row_number() OVER (PARTITION BY change ORDER BY size DESC, event_id) <= $each
ORDER BY change, size DESC, event_id;
