-- Where mentions go that change touchpoint, the most frequent ways first.
SELECT touchpoint_a AS "from", touchpoint_b AS "to", count(*) AS mentions
FROM compared.changes
WHERE touchpoint_a <> touchpoint_b
GROUP BY ALL
ORDER BY mentions DESC, "from", "to"
LIMIT 10;
