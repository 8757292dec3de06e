SELECT day, if(product = 'American', 'American', 'the five other airlines') AS part, sum(friction_authors) AS people,
    if(day = '2015-02-22' AND part = 'American', 'American enters the stream, 19 h UTC', NULL) AS event
FROM friction_daily_product
WHERE touchpoint = 'any' AND day BETWEEN '2015-02-17' AND '2015-02-24'
    AND product IN ('American', 'Delta', 'Southwest', 'US Airways', 'United', 'Virgin America')
GROUP BY ALL ORDER BY ALL
