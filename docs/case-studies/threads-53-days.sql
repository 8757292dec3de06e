SELECT local_start::DATE AS day, friction_authors AS people, friction_rate AS rate, rate_low, rate_high
FROM friction(of_product := 'Threads', from_day := '2023-07-06', to_day := '2023-08-27')
ORDER BY day
