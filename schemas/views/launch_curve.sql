-- launch_curve: friction day by day around each launch, against what the four weeks before it promised.
-- Grain: one row per launch, touchpoint (and any for all together) and day from 28 before to 28 after the launch.
-- Units: distinct authors a day; shares 0 to 1; day_since in days, 0 is the UTC day of the launch.
-- Definition: expected = mean friction_authors of the same weekdays in the 28 days before the launch that the
--   product was heard on (baseline_days of them, at most 4; a heard day without friction counts as 0). A product
--   is heard from its first to its last day in friction_daily_product, but for the days of product_gaps. excess = friction_authors - expected.
--   Its 95 % interval is excess ± 1.96 · sqrt(phi · (max(friction_authors, 1) + expected / baseline_days)):
--   a difference of counts, widened by phi, the baseline's own dispersion around its weekday means (at least 1).
--   Days before the launch are part of their own baseline. Volume (excess, lift) is the measure for support
--   channels, where the rate is near 1 whatever happens; friction_rate against baseline_rate for the others.
-- Columns:
--   launch_id         text     launch
--   product           text     product
--   version           text     version, null where the launch has none
--   title             text     what people call it
--   kind              text     release, fix, campaign or outage
--   launched_at       instant  when it reached customers
--   touchpoint        text     touchpoint, other where none is likely enough, or any for all together
--   touched           boolean  whether the launch names this touchpoint; null where it names none, and for any
--   day_since         bigint   days since the launch
--   day               date     UTC day
--   friction_authors  bigint   distinct authors with a friction mention; null on a day not heard
--   expected          double   expected friction_authors; null without baseline
--   excess            double   friction_authors - expected
--   excess_low        double   lower bound of excess
--   excess_high       double   upper bound of excess
--   lift              double   friction_authors / expected; null where expected is 0
--   authors           bigint   distinct authors with any mention; null on a day not heard
--   friction_rate     double   friction_authors / authors; null without authors
--   rate_low          double   lower bound of friction_rate
--   rate_high         double   upper bound of friction_rate
--   baseline_rate     double   friction_rate of the same weekdays of the baseline; null without authors there
--   baseline_days     bigint   days the expectation is a mean of, 0 to 4; at least 2 are needed
--   in_gap            boolean  whether it is a day of product_gaps: all sources of the product were silent
--   null_reason       text     why expected, excess or lift is null; null where none is
-- Example:
--   SELECT version, touchpoint, sum(excess) AS excess FROM launch_curve
--   WHERE product = 'firefox' AND touchpoint <> 'any' AND day_since BETWEEN 0 AND 13
--   GROUP BY version, touchpoint ORDER BY excess DESC
-- Cost: 57 days of friction_daily_product per launch.
CREATE OR REPLACE VIEW launch_curve AS
WITH daily AS MATERIALIZED (
    SELECT product, touchpoint, day, authors, friction_authors FROM rollup_daily_product
),
heard AS (
    SELECT product, min(day) AS first_day, max(day) AS last_day FROM daily GROUP BY product
),
series AS (
    SELECT DISTINCT product, touchpoint FROM daily
    UNION
    SELECT product, 'any' FROM launches
),
grid AS (
    SELECT
        launches.* EXCLUDE (day),
        series.touchpoint AS touchpoint,
        day_since,
        launches.day + day_since::INTEGER AS day,
        heard.first_day IS NOT NULL AS known
    FROM launches
    JOIN series USING (product)
    LEFT JOIN heard USING (product)
    CROSS JOIN range(-28, 29) AS days(day_since)
),
observed AS (
    SELECT
        grid.*,
        (day_since + 28) % 7 AS weekday,
        gap.day IS NOT NULL AS in_gap,
        coalesce(grid.day BETWEEN heard.first_day AND heard.last_day, false) AND NOT in_gap AS is_heard,
        CASE WHEN is_heard THEN coalesce(daily.friction_authors, 0) END AS friction_authors,
        CASE WHEN is_heard THEN coalesce(daily.authors, 0) END AS authors
    FROM grid
    LEFT JOIN heard USING (product)
    LEFT JOIN product_gaps AS gap ON gap.product = grid.product AND gap.day = grid.day
    LEFT JOIN daily ON daily.product = grid.product AND daily.touchpoint = grid.touchpoint AND daily.day = grid.day
),
-- Sums beside the days instead of windows over them: a window costs fifty times as much over such short partitions.
baseline AS (
    SELECT
        product, launch_id, touchpoint, weekday,
        count(friction_authors) AS baseline_days,
        avg(friction_authors) AS baseline_mean,
        sum(friction_authors) / nullif(sum(authors), 0) AS baseline_rate
    FROM observed
    WHERE day_since < 0
    GROUP BY product, launch_id, touchpoint, weekday
),
dispersion AS (
    SELECT
        product, launch_id, touchpoint,
        -- Pearson's statistic over its degrees of freedom; each weekday's mean costs one.
        greatest(1, coalesce(
            sum(CASE WHEN baseline_mean > 0 THEN (friction_authors - baseline_mean) ^ 2 / baseline_mean ELSE 0 END)
            / nullif(count(friction_authors) - 7, 0),
            1
        )) AS phi
    FROM observed
    JOIN baseline USING (product, launch_id, touchpoint, weekday)
    WHERE day_since < 0
    GROUP BY product, launch_id, touchpoint
),
with_excess AS (
    SELECT
        *,
        CASE WHEN baseline_days >= 2 THEN baseline_mean END AS expected,
        friction_authors - expected AS excess,
        1.959963984540054 * sqrt(phi * (greatest(friction_authors, 1) + expected / baseline_days)) AS margin
    FROM observed
    JOIN baseline USING (product, launch_id, touchpoint, weekday)
    JOIN dispersion USING (product, launch_id, touchpoint)
)
SELECT
    launch_id, product, version, title, kind, launched_at, touchpoint,
    CASE WHEN touchpoint <> 'any' AND len(touchpoints) > 0 THEN list_contains(touchpoints, touchpoint) END AS touched,
    day_since, day, friction_authors, expected, excess,
    excess - margin AS excess_low,
    excess + margin AS excess_high,
    friction_authors / nullif(expected, 0) AS lift,
    authors,
    friction_authors / nullif(authors, 0) AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high,
    baseline_rate, baseline_days, in_gap,
    CASE
        WHEN NOT known THEN 'no feedback about this product'
        WHEN baseline_days < 2 THEN 'no baseline: the product was heard on fewer than 2 of these weekdays before'
        WHEN in_gap THEN 'day not heard: all sources of the product were silent'
        WHEN NOT is_heard THEN 'day not heard: outside the first and last day of the product''s feedback'
        WHEN expected = 0 THEN 'no friction in the baseline: lift is undefined'
    END AS null_reason
FROM with_excess;
