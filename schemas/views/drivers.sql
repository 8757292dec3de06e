-- drivers: which parts moved the friction rate from one period to another, adding up to the change.
-- Grain: one row per product and part; one without part, with the reason, where nothing can be said.
-- Units: distinct authors; shares and rates 0 to 1, contributions likewise, so 0.01 is one point of the rate.
-- Definition: overall_a and overall_b are the documented friction_rate, friction authors among all authors of the
--   period, and change is their difference. One person speaks of several parts, so each person is divided: a presence
--   of 1 equally over the parts they spoke of, and, where they met friction, a burden of 1 equally over the parts
--   where they met it. Presences add up to the authors and burdens to the friction authors. share is a part's
--   presences among all, rate its burden per presence; where people are in one part each, as with sources, that is
--   the plain friction rate, and where those who meet friction speak of other parts too it may exceed 1.
--   contribution = rate_effect + mix_effect: rate_effect is the change of the rate at the mean share, mix_effect the
--   change of the share at the mean rate's distance from the mean overall rate (Kitagawa 1955, JASA 50:1168). The
--   contributions of a product add up to its change. A part heard in one period only has no rate in the other: all
--   of it is mix. Of themes an event counts under each theme its mentions have, with friction where one of these
--   mentions has it; under no theme where it has none of five authors or more, or meets friction outside its themes
--   only. The interval is the delta method's over authors (independent, both periods; somebody in both
--   makes it wider than needed) and needs 10 people in each period in which the part was
--   heard. A contribution says where the rate moved, not why.
-- Parameters:
--   of_product  text  one product; all without it, each for itself
--   a_from      date  first day of the earlier period; 27 days before a_to without it
--   a_to        date  last day of the earlier period; the day before b_from without it
--   b_from      date  first day of the later period; 27 days before b_to without it
--   b_to        date  last day of the later period; the last day the product was heard without it
--   split       text  touchpoint (the default), theme, source, channel, version, or a segment as in segment:NAME
-- Columns:
--   product             text    product
--   part                text    touchpoint, theme_id, source and so on; no theme, or unknown where the event does not say
--   from_a              date    first day of the earlier period
--   to_a                date    last day of the earlier period
--   from_b              date    first day of the later period
--   to_b                date    last day of the later period
--   authors_a           bigint  distinct authors who spoke of the part in the earlier period
--   authors_b           bigint  distinct authors who spoke of the part in the later period
--   friction_authors_a  bigint  those of them who met friction there
--   friction_authors_b  bigint  those of them who met friction there
--   share_a             double  the part's share of the people
--   share_b             double  the part's share of the people
--   rate_a              double  burden per presence, null without people
--   rate_b              double  burden per presence, null without people
--   contribution        double  what the part added to the change
--   contribution_low    double  lower bound of contribution, 95 %
--   contribution_high   double  upper bound of contribution, 95 %
--   rate_effect         double  of it, because the part's rate changed
--   mix_effect          double  of it, because more or fewer people spoke of the part
--   overall_a           double  friction_rate of the earlier period
--   overall_b           double  friction_rate of the later period
--   change              double  overall_b - overall_a
--   null_reason         text    why a number is null; null where none is
-- Example:
--   SELECT part, round(100 * contribution, 1) AS points, rate_effect, mix_effect
--   FROM drivers(of_product := 'firefox', b_from := '2021-06-01', b_to := '2021-06-14', a_from := '2021-05-04')
--   ORDER BY abs(contribution) DESC
-- Cost: event_touchpoints from a_from to b_to; of the whole history where they are not given. Themes: theme_mentions too.
CREATE OR REPLACE MACRO drivers(
    of_product := NULL, a_from := NULL, a_to := NULL, b_from := NULL, b_to := NULL, split := 'touchpoint'
) AS TABLE
WITH heard AS (
    SELECT daily.product, max(daily.day) AS last_day
    FROM rollup_daily_product AS daily
    WHERE daily.product IS NOT NULL AND (of_product IS NULL OR daily.product = of_product)
    GROUP BY daily.product
    UNION ALL
    SELECT of_product, NULL
    WHERE of_product IS NOT NULL
        AND NOT EXISTS (FROM rollup_daily_product AS daily WHERE daily.product = of_product)
),
periods AS (
    SELECT
        heard.product, heard.last_day,
        coalesce(b_to::DATE, heard.last_day) AS to_b,
        coalesce(b_from::DATE, to_b - 27) AS from_b,
        coalesce(a_to::DATE, from_b - 1) AS to_a,
        coalesce(a_from::DATE, to_a - 27) AS from_a
    FROM heard
),
themed AS (
    SELECT theme.day, theme.event_id, theme.theme_id, bool_or(theme.friction) AS friction
    FROM theme_mentions AS theme
    WHERE split = 'theme'
        AND theme.theme_id IN (SELECT theme_id FROM theme_mentions GROUP BY theme_id HAVING count(DISTINCT author) >= 5)
        AND (a_from IS NULL OR theme.day >= a_from::DATE)
        AND (b_to IS NULL OR theme.day <= b_to::DATE)
    GROUP BY theme.day, theme.event_id, theme.theme_id
),
-- Where no theme of an event has its friction, that is under no theme, beside the themes.
parts_of_events AS (
    FROM themed
    UNION ALL
    SELECT themed.day, themed.event_id, 'no theme', true
    FROM themed
    GROUP BY themed.day, themed.event_id
    HAVING NOT bool_or(themed.friction)
),
chosen AS NOT MATERIALIZED (
    FROM event_touchpoints AS event
    WHERE (event.touchpoint = 'any') = (split <> 'touchpoint')
        AND (of_product IS NULL OR event.product = of_product)
        -- Days that are given skip files; those that are not come from the join below.
        AND (a_from IS NULL OR event.day >= a_from::DATE)
        AND (b_to IS NULL OR event.day <= b_to::DATE)
),
said AS (
    SELECT
        product, day, person, friction,
        coalesce(CASE
            WHEN split = 'touchpoint' THEN touchpoint
            WHEN split = 'source' THEN source
            WHEN split = 'channel' THEN channel
            WHEN split = 'version' THEN version
            WHEN starts_with(split, 'segment:') THEN segment[substring(split, length('segment:') + 1)]
            ELSE error('split must be touchpoint, theme, source, channel, version or segment:NAME')
        END, 'unknown') AS part
    FROM chosen
    WHERE split <> 'theme'
    -- Apart, so that other splits need not read which event each row is of.
    UNION ALL
    SELECT
        event.product, event.day, event.person, event.friction AND coalesce(theme.friction, true),
        coalesce(theme.theme_id, 'no theme')
    FROM chosen AS event
    LEFT JOIN parts_of_events AS theme
        ON theme.day = event.day AND theme.event_id = event.event_id AND (theme.theme_id <> 'no theme' OR event.friction)
    WHERE split = 'theme'
),
-- A person once per part and period, then divided over their parts.
people AS (
    SELECT
        periods.product, said.day >= periods.from_b AS later, said.person, said.part,
        bool_or(said.friction) AS friction
    FROM periods
    JOIN said ON said.product = periods.product
        AND (said.day BETWEEN periods.from_a AND periods.to_a OR said.day BETWEEN periods.from_b AND periods.to_b)
    GROUP BY ALL
),
each AS (
    SELECT
        people.product, people.later, people.person, count(*) AS parts,
        count(*) FILTER (people.friction) AS friction_parts
    FROM people
    GROUP BY people.product, people.later, people.person
),
divided AS (
    SELECT
        people.product, people.later, people.part, people.friction,
        1 / each.parts AS presence,
        each.friction_parts,
        if(people.friction, 1 / each.friction_parts, 0) AS burden
    FROM people
    JOIN each USING (product, later, person)
),
-- Sums and sums of products of presence, burden and whether the person met friction at all.
parts AS (
    SELECT
        divided.product, divided.part, divided.later,
        count(*) AS authors,
        count(*) FILTER (divided.friction) AS friction_authors,
        sum(presence) AS presences,
        sum(burden) AS burdens,
        sum(presence ^ 2) AS presence_squares,
        sum(burden ^ 2) AS burden_squares,
        sum(presence * burden) AS products,
        sum(presence) FILTER (friction_parts > 0) AS burdened_presences
    FROM divided
    GROUP BY ALL
),
totals AS (
    SELECT parts.product, parts.later, round(sum(presences)) AS authors, round(sum(burdens)) AS friction_authors
    FROM parts
    GROUP BY ALL
),
overall AS (
    SELECT
        periods.*,
        earlier.authors AS all_a, later.authors AS all_b,
        earlier.friction_authors / earlier.authors AS overall_a,
        later.friction_authors / later.authors AS overall_b,
        (overall_a + overall_b) / 2 AS overall_mean,
        CASE
            WHEN periods.last_day IS NULL THEN 'no feedback about this product'
            WHEN periods.from_a > periods.to_a OR periods.from_b > periods.to_b THEN 'a period ends before it begins'
            WHEN periods.from_a <= periods.to_b AND periods.from_b <= periods.to_a THEN 'the periods share days'
            WHEN earlier.authors IS NULL AND later.authors IS NULL THEN 'nobody spoke in either period'
            WHEN earlier.authors IS NULL THEN 'nobody spoke in the earlier period'
            WHEN later.authors IS NULL THEN 'nobody spoke in the later period'
        END AS reason
    FROM periods
    LEFT JOIN totals AS earlier ON earlier.product = periods.product AND NOT earlier.later
    LEFT JOIN totals AS later ON later.product = periods.product AND later.later
),
beside AS (
    SELECT
        parts.product, parts.part,
        coalesce(max(parts.authors) FILTER (NOT later), 0) AS authors_a,
        coalesce(max(parts.authors) FILTER (later), 0) AS authors_b,
        coalesce(max(parts.friction_authors) FILTER (NOT later), 0) AS friction_authors_a,
        coalesce(max(parts.friction_authors) FILTER (later), 0) AS friction_authors_b,
        any_value(parts) FILTER (NOT later) AS a,
        any_value(parts) FILTER (later) AS b
    FROM parts
    GROUP BY parts.product, parts.part
),
shared AS (
    SELECT
        overall.*,
        beside.* EXCLUDE (product),
        coalesce(a.presences, 0) / all_a AS share_a,
        coalesce(b.presences, 0) / all_b AS share_b,
        coalesce(a.burdens, 0) / all_a AS burden_a,
        coalesce(b.burdens, 0) / all_b AS burden_b,
        a.burdens / a.presences AS rate_a,
        b.burdens / b.presences AS rate_b,
        -- Of one person's burden - overall_mean * presence ± shift * whether they met friction: mean and mean square.
        (share_b - share_a) / 2 AS shift,
        burden_a - overall_mean * share_a + shift * overall_a AS mean_a,
        burden_b - overall_mean * share_b - shift * overall_b AS mean_b,
        (coalesce(a.burden_squares + overall_mean ^ 2 * a.presence_squares - 2 * overall_mean * a.products, 0)
            + shift ^ 2 * overall_a * all_a
            + 2 * shift * (burden_a * all_a - overall_mean * coalesce(a.burdened_presences, 0))) / all_a AS square_a,
        (coalesce(b.burden_squares + overall_mean ^ 2 * b.presence_squares - 2 * overall_mean * b.products, 0)
            + shift ^ 2 * overall_b * all_b
            - 2 * shift * (burden_b * all_b - overall_mean * coalesce(b.burdened_presences, 0))) / all_b AS square_b
    FROM overall
    LEFT JOIN beside ON beside.product = overall.product AND overall.reason IS NULL
)
SELECT
    shared.product, shared.part, from_a, to_a, from_b, to_b,
    authors_a, authors_b, friction_authors_a, friction_authors_b, share_a, share_b, rate_a, rate_b,
    rate_effect + mix_effect AS contribution,
    CASE WHEN greatest(authors_a, authors_b) >= 10 AND least(authors_a, authors_b) NOT BETWEEN 1 AND 9
        THEN contribution - 1.959963984540054 * standard_error END
        AS contribution_low,
    CASE WHEN greatest(authors_a, authors_b) >= 10 AND least(authors_a, authors_b) NOT BETWEEN 1 AND 9
        THEN contribution + 1.959963984540054 * standard_error END
        AS contribution_high,
    rate_effect, mix_effect,
    CASE WHEN reason IS NULL THEN overall_a END AS overall_a,
    CASE WHEN reason IS NULL THEN overall_b END AS overall_b,
    CASE WHEN reason IS NULL THEN shared.overall_b - shared.overall_a END AS change,
    CASE
        WHEN reason IS NOT NULL THEN reason
        WHEN authors_a = 0 THEN 'nobody spoke of it in the earlier period: no rate_a'
        WHEN authors_b = 0 THEN 'nobody spoke of it in the later period: no rate_b'
        WHEN greatest(authors_a, authors_b) < 10 OR least(authors_a, authors_b) BETWEEN 1 AND 9
            THEN 'fewer than 10 people in a period: no interval'
    END AS null_reason
FROM (
    SELECT
        *,
        (coalesce(rate_b, rate_a) - coalesce(rate_a, rate_b)) * (share_a + share_b) / 2 AS rate_effect,
        ((coalesce(rate_a, rate_b) + coalesce(rate_b, rate_a)) / 2 - overall_mean) * (share_b - share_a)
            AS mix_effect,
        sqrt(greatest(square_a - mean_a ^ 2, 0) / all_a + greatest(square_b - mean_b ^ 2, 0) / all_b) AS standard_error
    FROM shared
) AS shared;
