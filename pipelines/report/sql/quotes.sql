-- Friction quotes by episode, the surest first: at most $candidates an episode, one an author. Left out are texts
-- that a few accounts repeat (more than three times an author) and templates (one text in a large share of all).
WITH mine AS (
    SELECT episode, complaints.*
    FROM episodes
    JOIN complaints
        ON (complaints.touchpoint = episodes.touchpoint OR episodes.touchpoint = 'any')
        AND complaints.day BETWEEN episodes.first_day AND episodes.last_day
),
shapes AS (
    SELECT
        episode, shape, count(*) AS mentions, count(DISTINCT author) AS authors,
        sum(count(*)) OVER (PARTITION BY episode) AS mentions_of_episode
    FROM mine
    GROUP BY episode, shape
)
SELECT episode, author, source, day, version, text, strength
FROM mine
JOIN shapes USING (episode, shape)
WHERE mentions <= 3 * authors
    AND mentions <= greatest(20, 0.02 * mentions_of_episode)
    AND length(text) BETWEEN $shortest AND $longest
QUALIFY row_number() OVER (PARTITION BY episode, author ORDER BY strength DESC, event_id, text) = 1
    AND row_number() OVER (PARTITION BY episode ORDER BY strength DESC, event_id, text) <= $candidates
ORDER BY episode, strength DESC, event_id, text;
