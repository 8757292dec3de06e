-- How many authors use each word in an episode and in the 28 days before it, at one touchpoint, in friction events.
-- episodes(episode, touchpoint, first_day, last_day) is one row per episode. A word is two letters or more, or a
-- dotted number such as a version; the empty word counts all authors. Placeholders of removed personal data are no
-- words.
WITH texts AS (
    SELECT
        episode, said.author,
        said.day >= episodes.first_day AS during,
        regexp_replace(lower(text), '\[[a-z_]+\]', ' ', 'g') AS text
    FROM episodes
    JOIN said
        ON said.touchpoint = episodes.touchpoint
        AND said.day BETWEEN episodes.first_day - 28 AND episodes.last_day
    JOIN heard USING (event_id)
    WHERE said.friction
),
words AS (
    SELECT DISTINCT
        episode, author, during,
        unnest(list_prepend('', regexp_extract_all(text, '\p{L}[\p{L}\p{M}]+(?:[''’]\p{L}+)?|\d+(?:\.\d+)+'))) AS word
    FROM texts
)
SELECT
    episode, word,
    count(*) FILTER (during) AS authors_during,
    count(*) FILTER (NOT during) AS authors_before
FROM words
GROUP BY episode, word
HAVING word = '' OR authors_during >= $minimum_authors;
