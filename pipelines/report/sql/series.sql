-- Friction by touchpoint and bucket (day or week); a person counts once in a bucket.
SELECT
    touchpoint,
    date_trunc($grain, day)::DATE AS bucket,
    count(DISTINCT author) AS authors,
    count(DISTINCT author) FILTER (friction) AS friction_authors,
    friction_authors / authors AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high
FROM said
WHERE day BETWEEN $first_day AND $last_day
GROUP BY touchpoint, bucket
ORDER BY touchpoint, bucket;
