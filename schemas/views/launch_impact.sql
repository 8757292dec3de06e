-- launch_impact: what a launch did to friction, against what it did not touch and against the weeks before it.
-- Grain: one row per launch and touchpoint, and one with touchpoint any for all together.
-- Units: friction author-days: distinct authors with friction a day, added over days; days since the launch, 0 is its
--   UTC day; probabilities 0 to 1.
-- Definition: observed counts the whole weeks after the launch, two at most (after_days), before_days the 28 days
--   before it. Two expectations stand beside it. expected is the difference-in-differences: the touchpoint's own
--   days before, moved as its control moved: before * control_after / (control_before + max(1, dispersion)), where
--   the last term takes out the bias of a ratio of counts. The control (column control) is the sum over the
--   touchpoints the launch does not name; where it names none, over all other touchpoints; for any, over the other
--   products heard throughout. Days of product_gaps (gap_days) are left out before and after, of either side. ratio = observed / expected, excess = observed - expected. What moves both alike, as
--   season, weekdays and a growing crowd do, cancels; a launch that hurts treated and control alike cancels too, and one
--   that names no touchpoint and hurts one much makes the others look better than they are. So read excess_before as
--   well, against the touchpoint's own mean week of the 28 days before: where the two contradict each other (disputed),
--   the launch moved the control, by control_change, and excess_before is the one to believe. The interval of ratio is
--   exp(log(ratio) ± t * s), s² = dispersion * (1 / observed + 1 / before + 1 / control_after + 1 / control_before):
--   quasi-binomial, the share of the treated among treated and control (McCullagh & Nelder 1989, 4.5). The
--   dispersion is Pearson's statistic of that share from week to week, over the 8 weeks before (at least 4) and its
--   degrees of freedom, which t has too: days follow one another, and weeks much less, so daily residuals would
--   promise too narrow an interval (simulated: 84 to 90 % covered instead of 95). It is not let below the lowest
--   twentieth of what chance gives independent people. Where friction rose the variance above Poisson grows with
--   the square of the count. excess_low and excess_high are observed * (1 - 1 / ratio_low) and likewise: of the
--   people observed, those attributable (Steenland & Armstrong 2006, Epidemiology 17:512). Of simulated launches 94
--   to 96 % are covered (tests/pipelines/views/test_launch_impact.py). excess_before has its own interval, a MOVER of quasi-Poisson score intervals (Zou &
--   Donner 2008, Statistics in Medicine 27:1693). The day-wise columns come from launch_curve, days 0 to 28: the
--   peak is the largest excess; recovered is the first day from the peak on from which seven days in a row have an
--   excess_low of 0 or less; the half-life is the days from the peak to the first day whose own seven days (it
--   and the six after, each weekday once) have half the mean excess of the peak's seven days or less. They are told where friction rose: excess_before_low is above 0,
--   or the peak stands out with z = 3.29 (one in a thousand). No interval is widened for the number of rows.
-- Columns:
--   launch_id           text      launch
--   product             text      product
--   version             text      version, null where the launch has none
--   title               text      what people call it
--   kind                text      release, fix, campaign or outage
--   launched_at         instant   when it reached customers
--   touchpoint          text      touchpoint, other where none is likely enough, or any for all together
--   touched             boolean   whether the launch names this touchpoint; null where it names none, and for any
--   control             text      untouched touchpoints, other touchpoints or other products; null where it is a control
--   after_days          bigint    days compared after the launch: 14, or 7 where fewer than 14 are heard; null below
--   gap_days            bigint    of these and of the 28 days before, those left out: all sources of the product were silent
--   observed            bigint    friction author-days after the launch
--   before              bigint    friction author-days in the 28 days before
--   control_after       bigint    the control's after the launch
--   control_before      bigint    the control's in the 28 days before
--   expected            double    what the control's course promised
--   excess              double    observed - expected
--   excess_low          double    lower bound of excess, 95 %
--   excess_high         double    upper bound of excess, 95 %
--   ratio               double    observed / expected
--   ratio_low           double    lower bound of ratio, 95 %
--   ratio_high          double    upper bound of ratio, 95 %
--   p_value             double    two-sided, that the ratio is 1
--   dispersion          double    variance of the weekly share as a multiple of the binomial one
--   freedom             bigint    degrees of freedom of the dispersion
--   expected_before     double    what the 28 days before promised
--   excess_before       double    observed - expected_before
--   excess_before_low   double    lower bound of excess_before, 95 %
--   excess_before_high  double    upper bound of excess_before, 95 %
--   control_change      double    change of the control's friction a day: 0.5 is half as much again as before
--   disputed            boolean   whether excess and excess_before are both beyond chance and contradict each other
--   peak_day            bigint    days since the launch of the largest excess of one day
--   peak_excess         double    that excess, authors
--   days_to_recover     bigint    days since the launch until friction is back for a week
--   half_life_days      bigint    days from the peak until half of it is gone
--   neighbours          bigint    other launches of the product within 14 days before or after
--   overlapping         boolean   whether one of them touches this touchpoint too, or does not say what it touches
--   null_reason         text      why expected or expected_before is null; null where neither is
--   recovery_reason     text      why a day-wise column is null; null where none is
-- Example:
--   SELECT version, touchpoint, excess, excess_low, excess_high, p_value, days_to_recover FROM launch_impact
--   WHERE product = 'firefox' AND touchpoint <> 'any' ORDER BY excess_low DESC NULLS LAST LIMIT 10
-- Cost: 10 weeks of friction_daily_product and the days of launch_curve per launch.
CREATE OR REPLACE VIEW launch_impact AS
WITH daily AS MATERIALIZED (
    SELECT product, touchpoint, day, friction_authors FROM rollup_daily_product
),
silent AS MATERIALIZED (
    SELECT product, day FROM product_gaps
),
heard AS (
    SELECT product, min(day) AS first_day, max(day) AS last_day FROM daily GROUP BY product
),
timed AS (
    SELECT
        launches.* REPLACE (len(launches.neighbours) AS neighbours),
        heard.first_day, heard.last_day,
        least(2, (heard.last_day - launches.day + 1) // 7) AS after_weeks,
        (launches.day - heard.first_day) // 7 AS before_weeks,
        (
            SELECT list_distinct(flatten(list(if(len(other.touchpoints) > 0, other.touchpoints, ['any']))))
            FROM launches AS other
            WHERE list_contains(launches.neighbours, other.launch_id)
        ) AS touched_by_neighbours
    FROM launches
    LEFT JOIN heard USING (product)
),
-- Launch, touchpoint and week since the launch, -8 to 1, of the treated product.
series AS (
    SELECT DISTINCT product, touchpoint FROM daily
    UNION
    SELECT product, 'any' FROM launches
),
counted AS (
    SELECT
        timed.product, timed.launch_id, daily.touchpoint,
        floor((daily.day - timed.day) / 7)::BIGINT AS week,
        sum(daily.friction_authors)::BIGINT AS friction,
        max(daily.friction_authors) AS busiest
    FROM timed
    JOIN daily ON daily.product = timed.product AND daily.day BETWEEN timed.day - 56 AND timed.day + 13
    GROUP BY ALL
),
gaps AS (
    SELECT timed.product, timed.launch_id, floor((gap.day - timed.day) / 7)::BIGINT AS week, count(*) AS gap_days
    FROM timed
    JOIN silent AS gap ON gap.product = timed.product AND gap.day BETWEEN timed.day - 56 AND timed.day + 13
    GROUP BY ALL
),
grid AS (
    SELECT
        timed.product, timed.launch_id, series.touchpoint, week,
        coalesce(counted.friction, 0) AS friction,
        coalesce(counted.busiest, 0) AS busiest,
        7 - coalesce(gaps.gap_days, 0) AS heard_days,
        timed.touchpoints,
        timed.before_weeks
    FROM timed
    JOIN series USING (product)
    CROSS JOIN range(-8, 2) AS weeks(week)
    LEFT JOIN counted USING (product, launch_id, touchpoint, week)
    LEFT JOIN gaps USING (product, launch_id, week)
    WHERE week >= -timed.before_weeks AND week < timed.after_weeks
),
other_products AS (
    SELECT
        timed.launch_id,
        others.product,
        (timed.day - others.first_day) // 7 AS before_weeks
    FROM timed
    JOIN heard AS others ON others.product <> timed.product
        AND others.first_day <= timed.day - 28 AND others.last_day - timed.day + 1 >= 7 * timed.after_weeks
    ANTI JOIN silent AS gap
        ON gap.product = others.product AND gap.day BETWEEN timed.day - 56 AND timed.day + (7 * timed.after_weeks - 1)::INTEGER
),
of_other_products AS (
    SELECT
        timed.launch_id,
        floor((daily.day - timed.day) / 7)::BIGINT AS week,
        sum(daily.friction_authors)::BIGINT AS friction
    FROM timed
    JOIN other_products USING (launch_id)
    JOIN daily ON daily.product = other_products.product AND daily.touchpoint = 'any'
        AND daily.day BETWEEN timed.day - 56 AND timed.day + 13
    ANTI JOIN silent AS gap ON gap.product = timed.product AND gap.day = daily.day
    GROUP BY ALL
),
of_touchpoints AS (
    SELECT
        product, launch_id, week,
        sum(friction) AS friction,
        sum(friction) FILTER (NOT list_contains(touchpoints, touchpoint)) AS untouched
    FROM grid
    WHERE touchpoint <> 'any'
    GROUP BY product, launch_id, week
),
-- The control's weeks beside the treated ones; control_weeks is how far back all of it was heard.
paired AS (
    SELECT
        grid.*,
        CASE
            WHEN touchpoint = 'any' THEN 'other products'
            WHEN len(touchpoints) = 0 THEN 'other touchpoints'
            WHEN list_contains(touchpoints, touchpoint) THEN 'untouched touchpoints'
        END AS control,
        CASE control
            WHEN 'other products' THEN if(others.control_weeks IS NULL, NULL, coalesce(of_other_products.friction, 0))
            WHEN 'other touchpoints' THEN coalesce(of_touchpoints.friction, 0) - grid.friction
            WHEN 'untouched touchpoints' THEN coalesce(of_touchpoints.untouched, 0)
        END AS control_friction,
        CASE WHEN touchpoint = 'any' THEN least(others.control_weeks, before_weeks) ELSE before_weeks END
            AS control_weeks
    FROM grid
    LEFT JOIN of_other_products USING (launch_id, week)
    LEFT JOIN (SELECT launch_id, min(before_weeks) AS control_weeks FROM other_products GROUP BY launch_id) AS others
        USING (launch_id)
    LEFT JOIN of_touchpoints USING (product, launch_id, week)
),
summed AS (
    SELECT
        product, launch_id, touchpoint, any_value(control) AS control,
        max(busiest) FILTER (week >= -4) AS busiest,
        sum(heard_days) FILTER (week >= 0)::BIGINT AS heard_after,
        sum(heard_days) FILTER (week BETWEEN -4 AND -1)::BIGINT AS heard_before,
        sum(friction) FILTER (week >= 0)::BIGINT AS observed,
        sum(friction) FILTER (week BETWEEN -4 AND -1)::BIGINT AS before,
        sum(control_friction) FILTER (week >= 0)::BIGINT AS control_after,
        sum(control_friction) FILTER (week BETWEEN -4 AND -1)::BIGINT AS control_before,
        -- Pearson's statistics of the weeks before, of the share and of the count, and their degrees of freedom.
        count(*) FILTER (week < 0 AND week >= -control_weeks AND friction + control_friction > 0) - 1 AS freedom,
        sum(friction) FILTER (week < 0 AND week >= -control_weeks) AS treated,
        sum(friction + control_friction) FILTER (week < 0 AND week >= -control_weeks) AS both_sides,
        sum(friction ^ 2 / nullif(friction + control_friction, 0)) FILTER (week < 0 AND week >= -control_weeks)
            AS share_squares,
        (share_squares - treated ^ 2 / nullif(both_sides, 0))
            / nullif(treated / nullif(both_sides, 0) * (1 - treated / nullif(both_sides, 0)), 0)
            / nullif(freedom, 0) AS share_dispersion,
        count(*) FILTER (week < 0 AND heard_days > 0) - 1 AS freedom_before,
        coalesce(
            (sum(friction ^ 2 / nullif(heard_days, 0)) FILTER (week < 0)
                / nullif(sum(friction) FILTER (week < 0) / nullif(sum(heard_days) FILTER (week < 0), 0), 0)
                - sum(friction) FILTER (week < 0))
            / nullif(freedom_before, 0),
            1
        ) AS count_dispersion
    FROM paired
    GROUP BY product, launch_id, touchpoint
),
reasoned AS (
    SELECT
        timed.launch_id, timed.product, timed.version, timed.title, timed.kind, timed.launched_at, timed.touchpoints,
        timed.neighbours, timed.touched_by_neighbours,
        series.touchpoint,
        7 * CASE WHEN after_weeks > 0 THEN after_weeks END AS after_days,
        summed.* EXCLUDE (product, launch_id, touchpoint),
        -- The fifth percentile of a dispersion of independent people; Wilson & Hilferty 1931, PNAS 17:684.
        (1 - 2 / (9 * nullif(freedom, 0)) - 1.6448536e0 * sqrt(2 / (9 * nullif(freedom, 0)))) ^ 3 AS lowest,
        (1 - 2 / (9 * nullif(freedom_before, 0)) - 1.6448536e0 * sqrt(2 / (9 * nullif(freedom_before, 0)))) ^ 3
            AS lowest_before,
        CASE
            WHEN timed.first_day IS NULL THEN 'no feedback about this product'
            WHEN timed.day > timed.last_day THEN 'the launch is after the last day of the product''s feedback'
            WHEN after_weeks < 1 THEN 'less than 7 days of feedback after the launch'
            WHEN timed.before_weeks < 4 THEN 'less than 28 days of feedback before the launch'
            WHEN heard_after < 7 * after_weeks / 2 OR heard_before < 14
                THEN 'all sources of the product were silent on more than half of the days compared: see product_gaps'
            WHEN observed + before = 0 THEN 'no friction at this touchpoint in these weeks'
            WHEN busiest < 2 THEN 'never two people with friction on one day: it may be one author'
        END AS nothing_reason,
        CASE
            WHEN control IS NULL THEN 'no control: the launch does not touch this touchpoint'
            WHEN control = 'other products' AND control_before IS NULL THEN 'no control: no other product was heard throughout'
            WHEN control_before < 10 OR control_after = 0 THEN 'no control: fewer than 10 author-days before, or none after'
            WHEN before < 10 THEN 'fewer than 10 friction author-days before: see excess_before'
            WHEN freedom < 3 THEN 'no control: fewer than 4 weeks with friction before the launch'
        END AS control_reason
    FROM timed
    JOIN series USING (product)
    LEFT JOIN summed USING (product, launch_id, touchpoint)
),
compared AS (
    SELECT
        *,
        nothing_reason IS NULL AND control_reason IS NULL AS has_control,
        CASE WHEN has_control THEN greatest(share_dispersion, lowest) END AS dispersion,
        CASE WHEN has_control THEN before * control_after / (control_before + greatest(1, dispersion)) END AS expected,
        ln(greatest(observed, 0.5) / expected) AS log_ratio,
        -- Above Poisson the variance grows with the square of the count, so of 1 / observed only the rest shrinks.
        sqrt(
            dispersion * (1 / before + 1 / control_after + 1 / control_before)
            + if(dispersion > 1 AND observed > expected,
                1 / observed + (dispersion - 1) / expected,
                dispersion / greatest(observed, 0.5))
        ) AS standard_error,
        CASE WHEN nothing_reason IS NULL THEN before * heard_after / heard_before END AS expected_before,
        greatest(count_dispersion, lowest_before) AS dispersion_before,
        t_quantile_975(freedom_before) AS t_before,
        -- Half the shift of a score interval, dispersion · t² / 2, of the count after and of the count before.
        t_before ^ 2 / 2 * if(dispersion_before > 1 AND observed > expected_before AND before > 0,
            1 + (dispersion_before - 1) * observed / expected_before,
            dispersion_before) AS after_shift,
        t_before ^ 2 / 2 * dispersion_before AS before_shift
    FROM reasoned
),
bounded AS (
    SELECT
        *,
        exp(log_ratio - t_quantile_975(freedom) * standard_error) AS ratio_low,
        exp(log_ratio + t_quantile_975(freedom) * standard_error) AS ratio_high,
        observed - expected_before AS excess_before,
        sqrt((sqrt(2 * after_shift * observed + after_shift ^ 2) - after_shift) ^ 2
            + ((sqrt(2 * before_shift * before + before_shift ^ 2) + before_shift) * heard_after / heard_before) ^ 2)
            AS margin_low,
        sqrt((sqrt(2 * after_shift * observed + after_shift ^ 2) + after_shift) ^ 2
            + ((sqrt(2 * before_shift * before + before_shift ^ 2) - before_shift) * heard_after / heard_before) ^ 2)
            AS margin_high
    FROM compared
),
-- Day by day: whether the seven days from each day on are calm, and their mean excess, which holds each weekday once.
-- Sums over rows by the day they count for: windows over so short partitions cost fifty times as much.
days AS (
    SELECT
        product, launch_id, touchpoint, begins AS day_since,
        max(excess) FILTER (day_since = begins) AS excess,
        max(excess_low) FILTER (day_since = begins) AS excess_low,
        count(*) FILTER (excess_low <= 0) = 7 AS calm,
        CASE WHEN count(excess) = 7 THEN avg(excess) END AS week_excess
    FROM (
        SELECT
            product, launch_id, touchpoint, day_since, excess, excess_low,
            unnest(range(greatest(day_since - 6, 0), day_since + 1)) AS begins
        FROM launch_curve
        WHERE day_since >= 0
    )
    GROUP BY product, launch_id, touchpoint, begins
),
courses AS (
    SELECT
        product, launch_id, touchpoint,
        arg_max(day_since, excess) AS peak_day,
        max(excess) AS peak_excess,
        arg_max(excess_low, excess) AS peak_low,
        greatest(0, arg_max(week_excess, excess)) AS peak_week_excess,
        count(excess) AS heard_days,
        list(day_since) FILTER (calm) AS calm_days,
        list({'day': day_since, 'excess': week_excess}) FILTER (week_excess IS NOT NULL) AS weeks
    FROM days
    GROUP BY product, launch_id, touchpoint
),
told AS (
    SELECT
        bounded.*,
        courses.* EXCLUDE (product, launch_id, touchpoint),
        nothing_reason IS NULL AND peak_excess > 0
            AND (excess_before > margin_low OR peak_excess > 3.290527e0 / 1.959964e0 * (peak_excess - peak_low)) AS rose,
        list_min(list_filter(calm_days, lambda day: day >= peak_day)) AS recovered_on,
        list_min(list_transform(
            list_filter(weeks, lambda week: week.day > peak_day AND week.excess <= peak_week_excess / 2),
            lambda week: week.day
        )) AS halved_on
    FROM bounded
    LEFT JOIN courses USING (product, launch_id, touchpoint)
)
SELECT
    launch_id, product, version, title, kind, launched_at, touchpoint,
    CASE WHEN touchpoint <> 'any' AND len(touchpoints) > 0 THEN list_contains(touchpoints, touchpoint) END AS touched,
    coalesce(control, CASE
        WHEN touchpoint = 'any' THEN 'other products'
        WHEN len(touchpoints) = 0 THEN 'other touchpoints'
        WHEN list_contains(touchpoints, touchpoint) THEN 'untouched touchpoints'
    END) AS control,
    after_days, after_days + 28 - heard_after - heard_before AS gap_days, observed, before, control_after, control_before,
    expected,
    observed - expected AS excess,
    observed * (1 - 1 / ratio_low) AS excess_low,
    observed * (1 - 1 / ratio_high) AS excess_high,
    observed / expected AS ratio,
    ratio_low, ratio_high,
    t_p_value(log_ratio / standard_error, CASE WHEN has_control THEN freedom END) AS p_value,
    dispersion,
    CASE WHEN has_control THEN freedom END AS freedom,
    expected_before, excess_before,
    excess_before - margin_low AS excess_before_low,
    excess_before + margin_high AS excess_before_high,
    (control_after / nullif(heard_after, 0)) / nullif(control_before / nullif(heard_before, 0), 0) - 1 AS control_change,
    coalesce(
        (excess_high < 0 AND excess_before_low > 0) OR (excess_low > 0 AND excess_before_high < 0), false
    ) AS disputed,
    CASE WHEN rose THEN peak_day END AS peak_day,
    CASE WHEN rose THEN peak_excess END AS peak_excess,
    CASE WHEN rose THEN recovered_on END AS days_to_recover,
    CASE WHEN rose THEN halved_on - peak_day END AS half_life_days,
    neighbours,
    coalesce(touchpoint = 'any' OR list_has_any(touched_by_neighbours, ['any', touchpoint]), false)
        AND neighbours > 0 AS overlapping,
    coalesce(nothing_reason, control_reason) AS null_reason,
    CASE
        WHEN nothing_reason IS NOT NULL THEN nothing_reason
        WHEN NOT coalesce(rose, false) THEN 'friction did not rise'
        WHEN recovered_on IS NULL AND heard_days < 29 THEN 'not recovered yet: the feedback ends or has a gap within 28 days'
        WHEN recovered_on IS NULL THEN 'not recovered within 28 days'
        WHEN halved_on IS NULL THEN 'half of the peak was not gone within 28 days'
    END AS recovery_reason
FROM told;
