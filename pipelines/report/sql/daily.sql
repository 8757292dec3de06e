-- Friction authors by touchpoint and day, the baseline weeks included.
SELECT touchpoint, day, count(DISTINCT author) FILTER (friction) AS friction_authors
FROM said
GROUP BY touchpoint, day;
