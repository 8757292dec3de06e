-- Products with dated feedback, the most spoken of first.
SELECT product, count(*) AS events, min(day) AS first_day, max(day) AS last_day
FROM events
WHERE product IS NOT NULL AND day IS NOT NULL
GROUP BY product
ORDER BY events DESC, product;
