-- How many people use each word in the window and before it. A word is two letters or more, or a dotted number such as
-- a version; the empty word counts everybody. Placeholders of removed personal data are no words.
WITH words AS (
    SELECT DISTINCT
        author, during,
        unnest(list_prepend('', regexp_extract_all(
            regexp_replace(lower(text), '\[[a-z_]+\]', ' ', 'g'),
            '\p{L}[\p{L}\p{M}]+(?:[''’]\p{L}+)?|\d+(?:\.\d+)+'
        ))) AS word
    FROM items
)
SELECT
    word,
    count(*) FILTER (during) AS during,
    count(*) FILTER (NOT during) AS before
FROM words
GROUP BY word
HAVING word = '' OR during >= $least;
