-- Distinct friction authors in windows: spans(span, first_day, last_day) is one row per window.
SELECT span, touchpoint, count(DISTINCT author) AS friction_authors
FROM spans
JOIN said ON day BETWEEN spans.first_day AND spans.last_day
WHERE friction
GROUP BY span, touchpoint;
