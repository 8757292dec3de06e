SELECT day, friction_authors AS people,
    CASE day WHEN '2019-02-20' THEN '5.0.190127, white' WHEN '2019-04-02' THEN 'End of Inbox' END AS event
FROM friction_daily_product
WHERE product = 'Gmail' AND touchpoint = 'any' AND day BETWEEN '2019-01-28' AND '2019-05-12'
ORDER BY day
