-- journeys: from one touchpoint to the next, for people heard at several.
-- Grain: one row per product and ordered pair of touchpoints that at least `least` people went through.
-- Units: distinct authors; days; shares 0 to 1.
-- Definition: somebody goes from one touchpoint to another whose first day at the second is later than that at the
--   first; two touchpoints of one day have no order and make no journey. Friction is that of those two days. People
--   without a name are known from one event only and make none; other is no station. The difference says how much more
--   often the second touchpoint hurts people whom the first hurt: they are different people, not a cause.
-- Parameters:
--   of_product  text  this product only; null for each
--   from_day    date  first UTC day; null for the beginning
--   to_day      date  last UTC day; null for the end
--   least       int   fewest people of a row; 5 unless said
-- Columns:
--   product             text    product, null where the source does not say
--   from_touchpoint     text    where they were first
--   to_touchpoint       text    where they came later
--   authors             bigint  distinct authors who went this way
--   median_days         double  median of the days between
--   from_friction_rate  double  share of them with friction at the first
--   to_friction_rate    double  share of them with friction at the second
--   hurt_before         bigint  those with friction at the first
--   rate_after_hurt     double  of those, the share with friction at the second; null without any
--   hurt_low            double  lower bound of rate_after_hurt
--   hurt_high           double  upper bound of rate_after_hurt
--   spared_before       bigint  those without friction at the first
--   rate_after_spared   double  of those, the share with friction at the second; null without any
--   spared_low          double  lower bound of rate_after_spared
--   spared_high         double  upper bound of rate_after_spared
--   difference          double  rate_after_hurt - rate_after_spared; null where one is
--   difference_low      double  lower bound of difference
--   difference_high     double  upper bound of difference
--   null_reason         text    why a share is null; null where none is
-- Example:
--   SELECT from_touchpoint, to_touchpoint, authors, median_days, difference, difference_low, difference_high
--   FROM journeys(of_product := 'firefox') ORDER BY authors DESC
-- Cost: event_touchpoints of the days asked for.
CREATE OR REPLACE MACRO journeys(of_product := NULL, from_day := NULL, to_day := NULL, least := 5) AS TABLE
WITH said AS NOT MATERIALIZED (
    SELECT t.product, t.person, t.touchpoint, t.day, t.friction
    FROM event_touchpoints AS t
    WHERE t.day IS NOT NULL
        AND (of_product IS NULL OR t.product = of_product)
        AND (from_day IS NULL OR t.day >= from_day::DATE)
        AND (to_day IS NULL OR t.day <= to_day::DATE)
),
-- Most people speak on one day only: what is left of the rest is little.
travellers AS (
    SELECT product, person
    FROM said
    WHERE touchpoint = 'any'
    GROUP BY product, person
    HAVING min(day) < max(day)
),
stations AS (
    SELECT
        said.product, said.person, said.touchpoint, min(said.day) AS first_day,
        -- On the first day; true where one event of that day is.
        arg_min(said.friction, 2 * (said.day - DATE '1970-01-01') + if(said.friction, 0, 1)) AS friction
    FROM said
    SEMI JOIN travellers
        ON travellers.person = said.person AND travellers.product IS NOT DISTINCT FROM said.product
    WHERE said.touchpoint NOT IN ('any', 'other')
    GROUP BY said.product, said.person, said.touchpoint
),
counted AS (
    SELECT
        earlier.product, earlier.touchpoint AS from_touchpoint, later.touchpoint AS to_touchpoint,
        count(*) AS authors,
        median(later.first_day - earlier.first_day)::DOUBLE AS median_days,
        count(*) FILTER (earlier.friction) AS hurt_before,
        count(*) FILTER (NOT earlier.friction) AS spared_before,
        count(*) FILTER (earlier.friction AND later.friction) AS hurt_twice,
        count(*) FILTER (NOT earlier.friction AND later.friction) AS hurt_later
    FROM stations AS earlier
    JOIN stations AS later
        ON later.person = earlier.person AND later.product IS NOT DISTINCT FROM earlier.product
        AND later.first_day > earlier.first_day
    GROUP BY earlier.product, earlier.touchpoint, later.touchpoint
)
SELECT
    product, from_touchpoint, to_touchpoint, authors, median_days,
    hurt_before / authors AS from_friction_rate,
    (hurt_twice + hurt_later) / authors AS to_friction_rate,
    hurt_before,
    hurt_twice / nullif(hurt_before, 0) AS rate_after_hurt,
    wilson_low(hurt_twice, hurt_before) AS hurt_low,
    wilson_high(hurt_twice, hurt_before) AS hurt_high,
    spared_before,
    hurt_later / nullif(spared_before, 0) AS rate_after_spared,
    wilson_low(hurt_later, spared_before) AS spared_low,
    wilson_high(hurt_later, spared_before) AS spared_high,
    hurt_twice / nullif(hurt_before, 0) - hurt_later / nullif(spared_before, 0) AS difference,
    newcombe_low(hurt_twice, hurt_before, hurt_later, spared_before) AS difference_low,
    newcombe_high(hurt_twice, hurt_before, hurt_later, spared_before) AS difference_high,
    CASE
        WHEN hurt_before = 0 THEN 'nobody had friction at the first'
        WHEN spared_before = 0 THEN 'everybody had friction at the first'
    END AS null_reason
FROM counted
WHERE authors >= least;
