-- segments: how much friction each segment of the customers meets, against the rest.
-- Grain: one row per product, segment name, value and touchpoint (any is all of them together).
-- Units: distinct authors; shares and rates 0 to 1.
-- Definition: a person belongs to the value that their event carries; value (none) holds the events of the product
--   without that segment, so that nobody is left out. Somebody who changed their plan stands in both values. The rest
--   of a value is everybody with an event of another value; the interval of the difference takes the two groups for
--   different people, as they are but for those. Events with impossible dates are excluded.
-- Parameters:
--   of_product     text  this product only; null for each
--   from_day       date  first UTC day; null for the beginning
--   to_day         date  last UTC day; null for the end
--   at_touchpoint  text  this touchpoint only, any for all together; null for each of them, in three times the time
-- Columns:
--   product                text    product, null where the source does not say
--   segment                text    name of the segment, such as plan
--   value                  text    its value, or (none) for events without it
--   touchpoint             text    touchpoint, other where none is likely enough, or any for all together
--   authors                bigint  distinct authors
--   share                  double  authors / authors of all values
--   friction_authors       bigint  distinct authors with friction
--   friction_rate          double  friction_authors / authors
--   rate_low               double  lower bound of friction_rate
--   rate_high              double  upper bound of friction_rate
--   rest_authors           bigint  distinct authors with an event of another value
--   rest_friction_authors  bigint  those of them with friction in such an event
--   difference             double  friction_rate minus that of the rest; null without a rest
--   difference_low         double  lower bound of difference
--   difference_high        double  upper bound of difference
--   null_reason            text    why difference is null; null where it is not
-- Example:
--   SELECT value, friction_authors, authors, friction_rate, difference, difference_low, difference_high
--   FROM segments(of_product := 'firefox', from_day := '2021-06-01', at_touchpoint := 'any') WHERE segment = 'locale'
-- Cost: event_touchpoints of the days asked for, twice.
CREATE OR REPLACE MACRO segments(
    of_product := NULL, from_day := NULL, to_day := NULL, at_touchpoint := NULL
) AS TABLE
WITH said AS NOT MATERIALIZED (
    SELECT t.product AS about, t.touchpoint, t.person, t.friction, t.segment_key AS carried
    FROM event_touchpoints AS t
    WHERE t.day IS NOT NULL
        AND (of_product IS NULL OR t.product = of_product)
        AND (from_day IS NULL OR t.day >= from_day::DATE)
        AND (to_day IS NULL OR t.day <= to_day::DATE)
        AND (at_touchpoint IS NULL OR t.touchpoint = at_touchpoint)
),
sets AS (
    SELECT s.product AS about, s.segment_key AS carried, any_value(s.segment) AS segment
    FROM segment_sets AS s
    WHERE s.day IS NOT NULL
        AND (of_product IS NULL OR s.product = of_product)
        AND (from_day IS NULL OR s.day >= from_day::DATE)
        AND (to_day IS NULL OR s.day <= to_day::DATE)
    GROUP BY s.product, s.segment_key
),
names AS (
    SELECT DISTINCT about, unnest(map_keys(sets.segment)) AS segment FROM sets
),
named AS (
    SELECT sets.about, sets.carried, names.segment, coalesce(sets.segment[names.segment], '(none)') AS value
    FROM sets
    JOIN names ON names.about IS NOT DISTINCT FROM sets.about
),
carriers AS MATERIALIZED (
    SELECT
        about, touchpoint, person, max(friction) AS friction,  -- as bool_or, in less time
        if(min(carried) = max(carried), min(carried), NULL) AS carried
    FROM said
    GROUP BY about, touchpoint, person
),
-- Most people always carry the same: they are counted by set first, since there are few of those.
steady AS (
    SELECT
        by_set.about, named.segment, by_set.touchpoint, named.value,
        sum(by_set.authors) AS authors, sum(by_set.friction_authors) AS friction_authors
    FROM (
        SELECT about, touchpoint, carried, count(*) AS authors, count(*) FILTER (friction) AS friction_authors
        FROM carriers
        WHERE carried IS NOT NULL
        GROUP BY about, touchpoint, carried
    ) AS by_set
    JOIN named ON named.about IS NOT DISTINCT FROM by_set.about AND named.carried = by_set.carried
    GROUP BY by_set.about, named.segment, by_set.touchpoint, named.value
),
changing AS (
    SELECT said.about, named.segment, named.value, said.touchpoint, said.person, bool_or(said.friction) AS friction
    FROM said
    SEMI JOIN (FROM carriers WHERE carried IS NULL) AS several
        ON several.person = said.person AND several.touchpoint = said.touchpoint
        AND several.about IS NOT DISTINCT FROM said.about
    JOIN named ON named.about IS NOT DISTINCT FROM said.about AND named.carried = said.carried
    GROUP BY ALL
),
-- Who has one value only is missing from the rest of that value; who has several is in the rest of each.
alone AS (
    SELECT
        about, segment, touchpoint, person,
        if(count(*) = 1, any_value(value), NULL) AS only_value,
        if(count(*) FILTER (friction) = 1, any_value(value) FILTER (friction), NULL) AS only_friction_value,
        count(*) FILTER (friction) > 0 AS friction
    FROM changing
    GROUP BY about, segment, touchpoint, person
),
everybody AS (
    SELECT about, segment, touchpoint, sum(authors) AS authors, sum(friction_authors) AS friction_authors
    FROM (
        FROM steady
        UNION ALL BY NAME
        SELECT about, segment, touchpoint, count(*) AS authors, count(*) FILTER (friction) AS friction_authors
        FROM alone
        GROUP BY about, segment, touchpoint
    )
    GROUP BY about, segment, touchpoint
),
exclusive AS (
    SELECT about, segment, touchpoint, value, sum(authors) AS authors, sum(friction_authors) AS friction_authors
    FROM (
        FROM steady
        UNION ALL BY NAME
        SELECT about, segment, touchpoint, only_value AS value, count(*) AS authors, 0 AS friction_authors
        FROM alone
        GROUP BY ALL
        UNION ALL BY NAME
        SELECT about, segment, touchpoint, only_friction_value AS value, 0 AS authors, count(*) AS friction_authors
        FROM alone
        GROUP BY ALL
    )
    GROUP BY about, segment, touchpoint, value
),
counted AS (
    SELECT
        about, segment, touchpoint, value,
        sum(authors)::BIGINT AS authors, sum(friction_authors)::BIGINT AS friction_authors
    FROM (
        FROM steady
        UNION ALL BY NAME
        SELECT about, segment, touchpoint, value, count(*) AS authors, count(*) FILTER (friction) AS friction_authors
        FROM changing
        GROUP BY about, segment, touchpoint, value
    )
    GROUP BY about, segment, touchpoint, value
),
beside AS (
    SELECT
        counted.*,
        counted.authors / everybody.authors AS share,
        (everybody.authors - coalesce(exclusive.authors, 0))::BIGINT AS rest_authors,
        (everybody.friction_authors - coalesce(exclusive.friction_authors, 0))::BIGINT AS rest_friction_authors
    FROM counted
    JOIN everybody
        ON everybody.about IS NOT DISTINCT FROM counted.about
        AND everybody.segment = counted.segment AND everybody.touchpoint = counted.touchpoint
    LEFT JOIN exclusive
        ON exclusive.about IS NOT DISTINCT FROM counted.about
        AND exclusive.segment = counted.segment AND exclusive.touchpoint = counted.touchpoint
        AND exclusive.value = counted.value
)
SELECT
    about AS product, segment, value, touchpoint, authors, share, friction_authors,
    friction_authors / authors AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high,
    rest_authors, rest_friction_authors,
    friction_authors / authors - rest_friction_authors / nullif(rest_authors, 0) AS difference,
    newcombe_low(friction_authors, authors, rest_friction_authors, rest_authors) AS difference_low,
    newcombe_high(friction_authors, authors, rest_friction_authors, rest_authors) AS difference_high,
    CASE WHEN rest_authors = 0 THEN 'everybody has this value' END AS null_reason
FROM beside;
