-- voice_balance: what customers tell you against what they tell each other.
-- Grain: one row per product, voice and period with at least one mention.
-- Units: distinct authors and events; shares, rates and indices 0 to 1.
-- Definition: the own voice is what came to you (support, survey), the public voice what everybody can read (review,
--   social, forum); other channels are neither and left out. The voices speak of different things, so the adjusted
--   rate compares them on the same mix: both rates per touchpoint, weighted by the authors that both voices together
--   have there (direct standardisation), over the touchpoints that both mention; adjusted_share says how much of the
--   weight those hold. Intervals are Wilson's, Newcombe's for differences, and combined over touchpoints by their
--   squared distances (MOVER: Zou and Donner 2008, Statistics in Medicine 27:1693). Concentration is over people with
--   a name: top_share is the share of events by the most frequent 1 % of them (at least one person), herfindahl the
--   sum of squared shares, effective_authors its inverse: as many people speaking equally often.
-- Parameters:
--   of_product   text    this product only; null for each
--   from_day     date    first UTC day; null for the beginning
--   to_day       date    last UTC day; null for the end
--   bucket       text    day, week, month, or all for all days together
--   competitors  text[]  names to look for in the texts, as whole words in any case; null looks for none
-- Columns:
--   product                   text    product, null where the source does not say
--   voice                     text    own or public
--   period                    date    first UTC day of the day, week or month; null for all together
--   authors                   bigint  distinct authors
--   friction_authors          bigint  distinct authors with friction
--   friction_rate             double  friction_authors / authors
--   rate_low                  double  lower bound of friction_rate
--   rate_high                 double  upper bound of friction_rate
--   difference                double  friction_rate minus that of the other voice; null where it is silent
--   difference_low            double  lower bound of difference
--   difference_high           double  upper bound of difference
--   adjusted_rate             double  rate per touchpoint on the mix of both voices; null without a common touchpoint
--   adjusted_difference       double  adjusted_rate minus that of the other voice
--   adjusted_difference_low   double  lower bound of adjusted_difference
--   adjusted_difference_high  double  upper bound of adjusted_difference
--   adjusted_share            double  share of the mix that both voices mention
--   events                    bigint  events with a mention
--   named_authors             bigint  distinct authors with a name (a pseudonym); the concentration is theirs
--   top_share                 double  share of their events by the most frequent 1 % of them
--   herfindahl                double  sum of squared shares of their events
--   effective_authors         double  1 / herfindahl
--   competitor_authors        bigint  distinct authors who name a competitor; null without competitors
--   competitor_share          double  competitor_authors / authors
--   competitors               map     authors by the name they name, most first; null without competitors
--   null_reason               text    why a column is null; null where none is
-- Example:
--   SELECT voice, friction_rate, adjusted_rate, adjusted_difference_low, adjusted_difference_high, top_share
--   FROM voice_balance(of_product := 'firefox', from_day := '2021-06-01', to_day := '2021-08-31')
-- Cost: event_touchpoints of the days asked for. With competitors the texts of those days too: name a product
--   and some weeks then.
CREATE OR REPLACE MACRO voice_balance(
    of_product := NULL, from_day := NULL, to_day := NULL, bucket := 'all', competitors := NULL
) AS TABLE
WITH said AS NOT MATERIALIZED (
    SELECT
        t.product AS about, t.touchpoint, t.person, t.named, t.friction, voice_of(t.channel) AS voice,
        first_day_of(bucket, t.day) AS period
    FROM event_touchpoints AS t
    WHERE t.day IS NOT NULL AND t.channel IN ('support', 'survey', 'review', 'social', 'forum')
        AND (of_product IS NULL OR t.product = of_product)
        AND (from_day IS NULL OR t.day >= from_day::DATE)
        AND (to_day IS NULL OR t.day <= to_day::DATE)
),
people AS (
    SELECT about, voice, period, touchpoint, person, bool_or(friction) AS friction
    FROM said
    GROUP BY about, voice, period, touchpoint, person
),
rates AS (
    SELECT about, voice, period, touchpoint, count(*) AS authors, count(*) FILTER (friction) AS friction_authors
    FROM people
    GROUP BY about, voice, period, touchpoint
),
pairs AS (
    SELECT
        mine.*,
        coalesce(theirs.authors, 0) AS other_authors,
        coalesce(theirs.friction_authors, 0) AS other_friction_authors,
        mine.authors + other_authors AS weight
    FROM rates AS mine
    LEFT JOIN rates AS theirs
        ON theirs.about IS NOT DISTINCT FROM mine.about AND theirs.period IS NOT DISTINCT FROM mine.period
        AND theirs.touchpoint = mine.touchpoint AND theirs.voice <> mine.voice
),
mixes AS (
    SELECT about, period, sum(authors) AS authors FROM rates WHERE touchpoint <> 'any' GROUP BY about, period
),
adjusted AS (
    SELECT
        pairs.about, pairs.voice, pairs.period,
        sum(weight * friction_authors / pairs.authors) / sum(weight) AS adjusted_rate,
        sum(weight * other_friction_authors / other_authors) / sum(weight) AS other_rate,
        sqrt(sum((weight * (friction_authors / pairs.authors - wilson_low(friction_authors, pairs.authors))) ^ 2
            + (weight * (wilson_high(other_friction_authors, other_authors) - other_friction_authors / other_authors))
            ^ 2)) / sum(weight) AS below,
        sqrt(sum((weight * (wilson_high(friction_authors, pairs.authors) - friction_authors / pairs.authors)) ^ 2
            + (weight * (other_friction_authors / other_authors - wilson_low(other_friction_authors, other_authors)))
            ^ 2)) / sum(weight) AS above,
        sum(weight) / any_value(mixes.authors) AS adjusted_share
    FROM pairs
    JOIN mixes ON mixes.about IS NOT DISTINCT FROM pairs.about AND mixes.period IS NOT DISTINCT FROM pairs.period
    WHERE touchpoint <> 'any' AND other_authors > 0
    GROUP BY pairs.about, pairs.voice, pairs.period
),
concentration AS (
    SELECT
        about, voice, period,
        sum(events)::BIGINT AS events,
        count(*) FILTER (named) AS named_authors,
        list_reverse_sort(list(events) FILTER (named)) AS frequencies
    FROM (
        SELECT about, voice, period, person, count(*) AS events, bool_or(named) AS named
        FROM said
        WHERE touchpoint = 'any'
        GROUP BY about, voice, period, person
    )
    GROUP BY about, voice, period
),
texts AS (
    SELECT
        e.product AS about, e.author, e.text, voice_of(e.channel) AS voice, first_day_of(bucket, e.day) AS period
    FROM events AS e
    WHERE competitors IS NOT NULL AND e.author_kind = 'customer' AND len(e.mentions) > 0
        AND e.day IS NOT NULL AND e.channel IN ('support', 'survey', 'review', 'social', 'forum')
        AND (of_product IS NULL OR e.product = of_product)
        AND (from_day IS NULL OR e.day >= from_day::DATE)
        AND (to_day IS NULL OR e.day <= to_day::DATE)
),
naming AS (
    SELECT DISTINCT texts.about, texts.voice, texts.period, texts.author, names.name
    FROM texts
    JOIN (SELECT unnest(competitors::VARCHAR[]) AS name) AS names
        -- A pattern from a row is made anew for each text: only those that have the letters get that far.
        ON contains(lower(texts.text), lower(names.name)) AND regexp_matches(
            texts.text, '(^|[^\pL\pN_])' || regexp_escape(names.name) || '($|[^\pL\pN_])', 'i'
        )
),
named_by AS (
    SELECT about, voice, period, map_from_entries(list((name, authors) ORDER BY authors DESC, name)) AS authors_by_name
    FROM (SELECT about, voice, period, name, count(*)::INTEGER AS authors FROM naming GROUP BY ALL)
    GROUP BY about, voice, period
),
namers AS (
    SELECT about, voice, period, count(DISTINCT author) AS authors FROM naming GROUP BY about, voice, period
)
SELECT
    pairs.about AS product, pairs.voice, pairs.period, pairs.authors, pairs.friction_authors,
    pairs.friction_authors / pairs.authors AS friction_rate,
    wilson_low(pairs.friction_authors, pairs.authors) AS rate_low,
    wilson_high(pairs.friction_authors, pairs.authors) AS rate_high,
    pairs.friction_authors / pairs.authors - other_friction_authors / nullif(other_authors, 0) AS difference,
    newcombe_low(pairs.friction_authors, pairs.authors, other_friction_authors, other_authors) AS difference_low,
    newcombe_high(pairs.friction_authors, pairs.authors, other_friction_authors, other_authors) AS difference_high,
    adjusted_rate,
    adjusted_rate - other_rate AS adjusted_difference,
    adjusted_rate - other_rate - below AS adjusted_difference_low,
    adjusted_rate - other_rate + above AS adjusted_difference_high,
    adjusted_share,
    concentration.events, named_authors,
    list_sum(frequencies[:greatest(1, ceil(0.01 * named_authors))::BIGINT]) / list_sum(frequencies) AS top_share,
    list_sum(list_transform(frequencies, lambda times: times::DOUBLE * times)) / list_sum(frequencies) ^ 2 AS herfindahl,
    1 / herfindahl AS effective_authors,
    if(competitors IS NULL, NULL, coalesce(namers.authors, 0)) AS competitor_authors,
    if(competitors IS NULL, NULL, coalesce(namers.authors, 0) / pairs.authors) AS competitor_share,
    if(competitors IS NULL, NULL, coalesce(authors_by_name, MAP {}::MAP(VARCHAR, INTEGER))) AS competitors,
    nullif(concat_ws(
        '; ',
        CASE WHEN other_authors = 0 THEN 'the other voice is silent'
            WHEN adjusted_rate IS NULL THEN 'the voices have no touchpoint in common' END,
        CASE WHEN named_authors = 0 THEN 'no author has a name: no concentration' END,
        CASE WHEN competitors IS NULL THEN 'no competitors were named' END
    ), '') AS null_reason
FROM pairs
JOIN concentration
    ON concentration.about IS NOT DISTINCT FROM pairs.about AND concentration.voice = pairs.voice
    AND concentration.period IS NOT DISTINCT FROM pairs.period
LEFT JOIN adjusted
    ON adjusted.about IS NOT DISTINCT FROM pairs.about AND adjusted.voice = pairs.voice
    AND adjusted.period IS NOT DISTINCT FROM pairs.period
LEFT JOIN named_by
    ON named_by.about IS NOT DISTINCT FROM pairs.about AND named_by.voice = pairs.voice
    AND named_by.period IS NOT DISTINCT FROM pairs.period
LEFT JOIN namers
    ON namers.about IS NOT DISTINCT FROM pairs.about AND namers.voice = pairs.voice
    AND namers.period IS NOT DISTINCT FROM pairs.period
WHERE pairs.touchpoint = 'any';
