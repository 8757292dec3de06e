-- Scorers whose scores are in the window.
SELECT DISTINCT model_version FROM heard WHERE day >= $first_day AND model_version IS NOT NULL ORDER BY model_version;
