-- Friction of the same people under both models, one row a touchpoint (any for all together).
WITH persons AS (
    SELECT touchpoint, a.friction AS in_a, b.friction AS in_b
    FROM compared.people_a AS a
    FULL JOIN compared.people_b AS b USING (author, touchpoint)
)
SELECT
    touchpoint,
    count(in_a) AS people_a,
    count(*) FILTER (in_a) AS friction_a,
    wilson_low(friction_a, people_a) AS low_a,
    wilson_high(friction_a, people_a) AS high_a,
    count(in_b) AS people_b,
    count(*) FILTER (in_b) AS friction_b,
    wilson_low(friction_b, people_b) AS low_b,
    wilson_high(friction_b, people_b) AS high_b,
    count(*) FILTER (in_a IS NOT NULL AND in_b IS NOT NULL) AS people_shared,
    count(*) FILTER (in_a AND in_b IS NOT NULL) AS friction_a_shared,
    count(*) FILTER (in_b AND in_a IS NOT NULL) AS friction_b_shared,
    count(*) FILTER (in_a AND in_b) AS friction_both
FROM persons
GROUP BY touchpoint
ORDER BY touchpoint <> 'any', touchpoint = 'other', touchpoint;
