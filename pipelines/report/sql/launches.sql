-- Launches of the product in the window and in the weeks before it, in order.
SELECT launch_id, version, day, kind, touchpoints, title
FROM launches
WHERE product = $product AND day BETWEEN $baseline_from AND $last_day
ORDER BY launched_at, launch_id;
