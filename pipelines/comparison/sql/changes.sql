-- Clauses side by side. A clause that only one model makes (it splits texts otherwise) has no partner.
CREATE OR REPLACE TABLE compared.changes AS
SELECT
    event_id, text_start, text_end,
    coalesce(a.text, b.text) AS text,
    a.touchpoint AS touchpoint_a, b.touchpoint AS touchpoint_b,
    a.friction AS friction_a, b.friction AS friction_b,
    a.friction_p AS friction_p_a, b.friction_p AS friction_p_b,
    a.sentiment_label AS sentiment_label_a, b.sentiment_label AS sentiment_label_b,
    a.sentiment AS sentiment_a, b.sentiment AS sentiment_b
FROM compared.mentions_a AS a
FULL JOIN compared.mentions_b AS b USING (event_id, text_start, text_end);
