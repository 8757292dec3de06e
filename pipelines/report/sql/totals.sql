-- The window in one row. unscored: events without scores, so without a part in any rate; noise: those of them that are
-- spam, automatic messages or agents' replies.
WITH people AS (
    SELECT count(DISTINCT author) AS authors, count(DISTINCT author) FILTER (friction) AS friction_authors
    FROM said
    WHERE touchpoint = 'any' AND day >= $first_day
),
received AS (
    SELECT
        count(*) AS events, count(DISTINCT source) AS sources,
        count(*) FILTER (unscored) AS unscored, count(*) FILTER (noise) AS noise
    FROM heard
    WHERE day >= $first_day
)
SELECT
    events, sources, unscored, noise, authors, friction_authors,
    friction_authors / nullif(authors, 0) AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high
FROM received, people;
