-- launch_comparison: a launch among all earlier ones of its product, each at the same age.
-- Grain: one row per release or fix and touchpoint, and one with touchpoint any for all together.
-- Units: friction author-days: distinct authors with friction a day, added over days; shares 0 to 1.
-- Definition: every launch is measured over its first age_days days, against the same weekdays of the 28 days before
--   it: excess = observed - expected, the sums of launch_curve. Where launch is given and has fewer days yet, all
--   launches are cut at as many, and only it and the earlier ones are told. rank is 1 for the largest excess among
--   the launch and the earlier ones of its product at its touchpoint, percentile the share of the earlier ones with
--   a smaller excess (half of those with the same); rate_rank does so for friction_rate, which a growing crowd does
--   not move. A launch that is too young, has no baseline or a day of product_gaps is compared with nothing and nothing with it. Ranks are
--   no test: the worst of three launches is no news.
-- Parameters:
--   of_product  text    one product; all without it
--   launch      text    one launch, its launch_id or version, told beside the earlier ones; all without it
--   age_days    bigint  days since the launch to compare, 1 to 29; 14 without it
-- Columns:
--   launch_id            text     launch
--   product              text     product
--   version              text     version, null where the launch has none
--   title                text     what people call it
--   kind                 text     release or fix
--   launched_at          instant  when it reached customers
--   touchpoint           text     touchpoint, other where none is likely enough, or any for all together
--   age_days             bigint   days compared, from the day of the launch on
--   observed             bigint   friction author-days in them
--   expected             double   what the 28 days before promised
--   excess               double   observed - expected
--   lift                 double   observed / expected, null where expected is 0
--   friction_rate        double   observed / author-days of those who spoke
--   earlier_launches     bigint   earlier launches it is compared with
--   rank                 bigint   place among them by excess, 1 the largest
--   percentile           double   share of them with a smaller excess
--   median_excess        double   their median excess
--   beyond_all           boolean  whether its excess is larger than each of theirs
--   rate_rank            bigint   place among them by friction_rate, 1 the highest
--   median_rate          double   their median friction_rate
--   null_reason          text     why excess or percentile is null; null where neither is
-- Example:
--   SELECT version, excess, rank, earlier_launches, median_excess, beyond_all
--   FROM launch_comparison(of_product := 'firefox', launch := '89', age_days := 7) WHERE touchpoint = 'usability'
--   ORDER BY launched_at DESC
-- Cost: launch_curve of the product.
CREATE OR REPLACE MACRO launch_comparison(of_product := NULL, launch := NULL, age_days := 14) AS TABLE
WITH heard AS (
    SELECT daily.product, max(daily.day) AS last_day
    FROM rollup_daily_product AS daily
    WHERE of_product IS NULL OR daily.product = of_product
    GROUP BY daily.product
),
asked AS (
    SELECT
        launches.*,
        launches.launch_id = launch OR launches.version = launch AS named,
        heard.last_day - launches.day + 1 AS days_old,
        CASE WHEN age_days BETWEEN 1 AND 29 THEN age_days::BIGINT
            ELSE error('age_days must be 1 to 29') END AS wanted_age
    FROM launches
    LEFT JOIN heard ON heard.product = launches.product
    WHERE launches.kind IN ('release', 'fix') AND (of_product IS NULL OR launches.product = of_product)
),
chosen AS (
    SELECT
        asked.*,
        CASE WHEN launch IS NULL THEN wanted_age ELSE least(wanted_age, named.days_old) END AS age
    FROM asked
    LEFT JOIN (
        SELECT asked.product, max(asked.launched_at) AS launched_at, arg_max(asked.days_old, asked.launched_at) AS days_old
        FROM asked WHERE asked.named GROUP BY asked.product
    ) AS named ON named.product = asked.product
    WHERE launch IS NULL OR asked.launched_at <= named.launched_at
),
-- Only whole stretches count: a day without expectation would make a launch look small.
measured AS (
    SELECT
        chosen.launch_id, chosen.product, chosen.version, chosen.title, chosen.kind, chosen.launched_at,
        curve.touchpoint, chosen.age, chosen.days_old,
        bool_or(curve.in_gap) AS has_gap,
        count(curve.excess) = chosen.age AND chosen.age > 0 AS whole,
        CASE WHEN whole THEN sum(curve.friction_authors)::BIGINT END AS observed,
        CASE WHEN whole THEN sum(curve.expected) END AS expected,
        CASE WHEN whole THEN sum(curve.excess) END AS excess,
        CASE WHEN whole THEN sum(curve.friction_authors) / nullif(sum(curve.authors), 0) END AS friction_rate
    FROM chosen
    JOIN launch_curve AS curve
        ON curve.product = chosen.product AND curve.launch_id = chosen.launch_id
        AND (of_product IS NULL OR curve.product = of_product)  -- said once more, so that other products are not worked out
        AND (curve.day_since = 0 OR curve.day_since BETWEEN 0 AND chosen.age - 1)
    GROUP BY
        chosen.launch_id, chosen.product, chosen.version, chosen.title, chosen.kind, chosen.launched_at,
        curve.touchpoint, chosen.age, chosen.days_old
),
beside AS (
    SELECT
        *,
        list(measured.excess) FILTER (measured.excess IS NOT NULL) OVER earlier AS excesses,
        list(measured.friction_rate) FILTER (measured.friction_rate IS NOT NULL) OVER earlier AS rates
    FROM measured
    WINDOW earlier AS (
        PARTITION BY measured.product, measured.touchpoint ORDER BY measured.launched_at
        GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT
    beside.launch_id, beside.product, beside.version, beside.title, beside.kind, beside.launched_at, beside.touchpoint,
    beside.age AS age_days, beside.observed, beside.expected, beside.excess,
    beside.observed / nullif(beside.expected, 0) AS lift,
    beside.friction_rate,
    CASE WHEN beside.excess IS NOT NULL THEN coalesce(len(excesses), 0) END AS earlier_launches,
    CASE WHEN earlier_launches > 0 THEN 1 + len(list_filter(excesses, lambda other: other > beside.excess)) END AS rank,
    (len(list_filter(excesses, lambda other: other < beside.excess))
        + len(list_filter(excesses, lambda other: other = beside.excess)) / 2) / nullif(earlier_launches, 0)
        AS percentile,
    CASE WHEN earlier_launches > 0 THEN list_median(excesses) END AS median_excess,
    CASE WHEN earlier_launches > 0 THEN beside.excess > list_max(excesses) END AS beyond_all,
    CASE WHEN earlier_launches > 0 AND beside.friction_rate IS NOT NULL
        THEN 1 + len(list_filter(rates, lambda other: other > beside.friction_rate)) END AS rate_rank,
    CASE WHEN earlier_launches > 0 THEN list_median(rates) END AS median_rate,
    CASE
        WHEN beside.days_old IS NULL THEN 'no feedback about this product'
        WHEN beside.days_old < 1 THEN 'the launch is after the last day of the product''s feedback'
        WHEN beside.days_old < beside.age THEN 'younger than age_days'
        WHEN has_gap THEN 'on some of these days all sources of the product were silent: see product_gaps'
        WHEN NOT whole THEN 'no baseline: too little feedback before the launch'
        WHEN earlier_launches = 0 THEN 'no earlier launch to compare with'
    END AS null_reason
FROM beside
UNION ALL BY NAME
SELECT of_product AS product, 'no such release or fix in the ledger' AS null_reason
WHERE coalesce(of_product, launch) IS NOT NULL AND NOT EXISTS (FROM chosen);
