-- How much of it is compared, in one row.
SELECT
    (SELECT count(*) FROM compared.comparable) AS events_in_all,
    count(*) AS events,
    count(DISTINCT author) AS people,
    min(day) AS first_day,
    max(day) AS last_day
FROM compared.chosen;
