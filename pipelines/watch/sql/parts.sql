-- Distinct people of each value of each dimension, in the window and before it; an event without the value has none.
SELECT dimension, value,
    count(DISTINCT author) FILTER (during) AS during,
    count(DISTINCT author) FILTER (NOT during) AS before
FROM (
    SELECT author, during, unnest([
        {dimension: 'source', value: source},
        {dimension: 'touchpoint', value: touchpoint},
        {dimension: 'version', value: canonical_version(version)},
        {dimension: 'locale', value: locale}
    ], recursive := true)
    FROM items
)
WHERE value IS NOT NULL
GROUP BY dimension, value
ORDER BY dimension, value;
