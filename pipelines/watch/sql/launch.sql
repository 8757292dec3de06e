-- The launch of $product that came out last in the $days days before $before.
SELECT
    launch_id, coalesce(title, concat_ws(' ', product, version)) AS name, launched_at,
    canonical_version(version) AS version, kind, url
FROM (
    SELECT * FROM tables.launches
    QUALIFY row_number() OVER (PARTITION BY launch_id ORDER BY recorded_at DESC, deleted DESC) = 1
)
WHERE NOT deleted AND lower(product) = lower($product)
    AND launched_at <= $before AND launched_at > $before - INTERVAL 1 DAY * $days
ORDER BY launched_at DESC, launch_id
LIMIT 1;
