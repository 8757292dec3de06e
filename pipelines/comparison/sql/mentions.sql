-- What changes in mentions, in one row.
SELECT
    count(*) FILTER (friction_a IS NOT NULL AND friction_b IS NOT NULL) AS in_both,
    count(*) FILTER (friction_b IS NULL) AS only_in_a,
    count(*) FILTER (friction_a IS NULL) AS only_in_b,
    count(*) FILTER (touchpoint_a <> touchpoint_b) AS other_touchpoint,
    count(*) FILTER (friction_b AND NOT friction_a) AS friction_gained,
    count(*) FILTER (friction_a AND NOT friction_b) AS friction_lost,
    count(*) FILTER (sentiment_label_a <> sentiment_label_b) AS other_sentiment,
    count(*) FILTER (
        sentiment_label_a <> sentiment_label_b AND 'neutral' NOT IN (sentiment_label_a, sentiment_label_b)
    ) AS sentiment_flipped
FROM compared.changes;
