SELECT day, friction_authors AS people, expected, CASE day_since WHEN 0 THEN 'Firefox 89' END AS event
FROM launch_curve
WHERE product = 'firefox' AND version = '89.0' AND touchpoint = 'usability'
ORDER BY day
