-- Scorers whose scores are in the window.
SELECT DISTINCT model_version
FROM events
WHERE product = $product AND day BETWEEN $first_day AND $last_day AND model_version IS NOT NULL
ORDER BY model_version;
