-- What changes in whole events, in one row.
SELECT
    count(*) AS events,
    count(*) FILTER (a.unscored AND NOT b.unscored) AS newly_scored,
    count(*) FILTER (b.unscored AND NOT a.unscored) AS no_longer_scored,
    count(*) FILTER (a.sentiment_label <> b.sentiment_label) AS other_sentiment,
    count(*) FILTER (
        a.sentiment_label <> b.sentiment_label AND 'neutral' NOT IN (a.sentiment_label, b.sentiment_label)
    ) AS sentiment_flipped
FROM compared.events_a AS a
JOIN compared.events_b AS b USING (event_id);
