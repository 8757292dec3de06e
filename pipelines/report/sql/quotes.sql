-- Friction quotes by episode, the surest first: at most $candidates an episode, one an author. Left out are texts
-- that a few accounts repeat (pasted more than three times an author) and templates (one text in a large share of
-- all mentions).
WITH mine AS (
    SELECT
        episode, author, event_id, source, mentions.day AS day, version, text, friction_p, touchpoint_p,
        lower(regexp_replace(text, '[\W\d_]+', ' ', 'g')) AS shape
    FROM episodes
    JOIN mentions
        ON (mentions.touchpoint = episodes.touchpoint OR episodes.touchpoint = 'any')
        AND mentions.day BETWEEN episodes.first_day AND episodes.last_day
    WHERE friction AND product = $product AND mentions.day BETWEEN $baseline_from AND $last_day
),
shapes AS (
    SELECT
        episode, shape, count(*) AS mentions, count(DISTINCT author) AS authors,
        sum(count(*)) OVER (PARTITION BY episode) AS mentions_of_episode
    FROM mine
    GROUP BY episode, shape
)
SELECT episode, author, event_id, source, day, version, trim(text) AS text, friction_p * touchpoint_p AS strength
FROM mine
JOIN shapes USING (episode, shape)
WHERE mentions <= 3 * authors
    AND mentions <= greatest(20, 0.02 * mentions_of_episode)
    AND length(trim(text)) BETWEEN $shortest AND $longest
QUALIFY row_number() OVER (PARTITION BY episode, author ORDER BY strength DESC, event_id, text) = 1
    AND row_number() OVER (PARTITION BY episode ORDER BY strength DESC, event_id, text) <= $candidates
ORDER BY episode, strength DESC, event_id, text;
