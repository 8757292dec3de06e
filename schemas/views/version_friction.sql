-- version_friction: friction of each version's users, and whether it differs from the version before.
-- Grain: one row per product, version and touchpoint with at least one mention; touchpoint any is all together.
-- Units: distinct authors; shares 0 to 1; sentiment -1 to 1.
-- Definition: friction_rate is the authors with a friction mention among those with any mention at the touchpoint
--   while they used the version, over the days asked, with its Wilson interval. Events without a version or a day are in no
--   row. previous_version is the one next below by number (88.0.1 after 88.0) of those heard of earlier; names without
--   numbers go by first day. Testers speak of a version weeks before its release, and users of an old branch years
--   after, so the day alone would not do. Versions of fewer than 10 people are passed over, as typing errors are
--   versions too. difference = friction_rate - previous_rate, with Newcombe's interval (1998, Statistics in Medicine
--   17:873, method 10) and the two-sided p-value of the pooled z test; both need 10 people on either side. Somebody
--   who used both versions is in both. People write about a version for as long as it is out: compare rates, and
--   look at first_day and last_day before you compare volumes.
-- Parameters:
--   of_product     text  this product only; null for each
--   from_day       date  first UTC day; null for the beginning
--   to_day         date  last UTC day; null for the end
--   at_touchpoint  text  this touchpoint only, any for all together; null for each of them, in three times the time
-- Columns:
--   product           text    product
--   version           text    version, as the source gives it
--   touchpoint        text    touchpoint, other where none is likely enough, or any for all together
--   first_day         date    first day with a mention here
--   last_day          date    last day with a mention here
--   days              bigint  days with a mention here
--   authors           bigint  distinct authors with any mention here
--   friction_authors  bigint  distinct authors with a friction mention here
--   friction_rate     double  friction_authors / authors
--   rate_low          double  lower bound of friction_rate
--   rate_high         double  upper bound of friction_rate
--   mean_sentiment    double  mean over mentions
--   inferred_share    double  share of the authors whose version the ledger tells, not the event: see releases
--   previous_version  text    the version before, null for the first
--   previous_authors  bigint  its authors here
--   previous_rate     double  its friction_rate here
--   difference        double  friction_rate - previous_rate
--   difference_low    double  lower bound of difference, 95 %
--   difference_high   double  upper bound of difference, 95 %
--   p_value           double  two-sided, that the rates are equal
--   null_reason       text    why difference or p_value is null; null where neither is
-- Example:
--   SELECT version, friction_rate, difference, difference_low, difference_high, p_value
--   FROM version_friction(
--       of_product := 'firefox', from_day := '2021-05-01', to_day := '2021-07-31', at_touchpoint := 'usability')
--   WHERE authors >= 10 ORDER BY first_day
-- Cost: two readings of event_touchpoints over the days asked.
CREATE OR REPLACE MACRO version_friction(
    of_product := NULL, from_day := NULL, to_day := NULL, at_touchpoint := NULL
) AS TABLE
WITH said AS NOT MATERIALIZED (
    SELECT
        event.product, event.version, event.version_source, event.touchpoint, event.day, event.person,
        event.friction, event.sentiment_sum, event.mentions
    FROM event_touchpoints AS event
    WHERE event.product IS NOT NULL AND event.version IS NOT NULL AND event.day IS NOT NULL
        AND (of_product IS NULL OR event.product = of_product)
        AND (from_day IS NULL OR event.day >= from_day::DATE)
        AND (to_day IS NULL OR event.day <= to_day::DATE)
        AND (at_touchpoint IS NULL OR event.touchpoint IN ('any', at_touchpoint))
),
people AS (
    SELECT
        product, version, touchpoint,
        count(*) AS authors,
        count(*) FILTER (friction) AS friction_authors,
        count(*) FILTER (inferred) AS inferred_authors
    FROM (
        -- One row per person first: counting rows is cheaper than counting distinct people.
        SELECT
            product, version, touchpoint, person,
            bool_or(friction) AS friction,
            bool_and(version_source = 'inferred') AS inferred
        FROM said
        GROUP BY product, version, touchpoint, person
    )
    GROUP BY product, version, touchpoint
),
days AS (
    SELECT
        product, version, touchpoint,
        min(day) AS first_day,
        max(day) AS last_day,
        count(*) AS days,
        sum(sentiment_sum) / sum(mentions) AS mean_sentiment
    FROM (
        SELECT
            product, version, touchpoint, day, sum(sentiment_sum) AS sentiment_sum, sum(mentions) AS mentions
        FROM said
        GROUP BY product, version, touchpoint, day
    )
    GROUP BY product, version, touchpoint
),
measured AS MATERIALIZED (
    SELECT
        *,
        friction_authors / authors AS friction_rate,
        wilson_low(friction_authors, authors) AS rate_low,
        wilson_high(friction_authors, authors) AS rate_high,
        inferred_authors / authors AS inferred_share
    FROM people
    JOIN days USING (product, version, touchpoint)
),
versions AS (
    SELECT
        product, version, first_day, authors,
        -- '88.0.1' as [88, 0, 1]; null where a part is no number.
        CASE WHEN regexp_full_match(version, '\d{1,18}(\.\d{1,18})*')
            THEN list_transform(string_split(version, '.'), lambda part: part::BIGINT) END AS numbers
    FROM measured
    WHERE touchpoint = 'any'
),
preceded AS (
    SELECT current.product, current.version, previous.version AS previous_version
    FROM versions AS current
    LEFT JOIN versions AS previous
        ON previous.product = current.product AND previous.authors >= 10 AND previous.first_day < current.first_day
        AND CASE WHEN current.numbers IS NULL THEN previous.numbers IS NULL ELSE previous.numbers < current.numbers END
    QUALIFY row_number() OVER (
        PARTITION BY current.product, current.version
        ORDER BY previous.numbers DESC NULLS LAST, previous.first_day DESC, previous.version DESC
    ) = 1
),
compared AS (
    SELECT
        current.*, preceded.previous_version,
        previous.authors AS previous_authors,
        previous.friction_rate AS previous_rate,
        least(current.authors, previous.authors) >= 10 AS enough,
        (current.friction_authors + previous.friction_authors) / (current.authors + previous.authors) AS pooled,
        previous.rate_low AS previous_low,
        previous.rate_high AS previous_high
    FROM measured AS current
    JOIN preceded USING (product, version)
    LEFT JOIN measured AS previous
        ON previous.product = current.product AND previous.version = preceded.previous_version
        AND previous.touchpoint = current.touchpoint
)
SELECT
    product, version, touchpoint, first_day, last_day, days, authors, friction_authors, friction_rate, rate_low,
    rate_high, mean_sentiment, inferred_share, previous_version, previous_authors, previous_rate,
    CASE WHEN enough THEN friction_rate - previous_rate END AS difference,
    difference - sqrt((friction_rate - rate_low) ^ 2 + (previous_high - previous_rate) ^ 2) AS difference_low,
    difference + sqrt((rate_high - friction_rate) ^ 2 + (previous_rate - previous_low) ^ 2) AS difference_high,
    2 * normal_cdf(-abs(difference)
        / nullif(sqrt(pooled * (1 - pooled) * (1 / authors + 1 / previous_authors)), 0)) AS p_value,
    CASE
        WHEN previous_version IS NULL THEN 'no version before it'
        WHEN previous_authors IS NULL THEN 'nobody spoke of this touchpoint in the version before'
        WHEN NOT enough THEN 'fewer than 10 people in one of the versions'
        WHEN pooled IN (0, 1) THEN 'friction met nobody or everybody in both versions: no test'
    END AS null_reason
FROM compared
WHERE at_touchpoint IS NULL OR touchpoint = at_touchpoint;
