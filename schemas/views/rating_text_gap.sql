-- rating_text_gap: whether the ratings say what the words say.
-- Grain: one row per product, source, rating scale and period with a rated event whose text was scored.
-- Units: ratings and sentiment -1 (worst) to 1 (best); shares 0 to 1.
-- Definition: gap = mean of rating - text_sentiment over the events that have both; text_sentiment is what the scorer
--   says of the words alone. Above 0 people rate better than they speak. Scales are never mixed: an NPS answer and
--   five stars of the same source are two rows. agreement is Pearson's correlation. Only customers; events with
--   impossible dates are excluded.
-- Parameters:
--   of_product  text  this product only; null for each
--   from_day    date  first UTC day; null for the beginning
--   to_day      date  last UTC day; null for the end
--   bucket      text  day, week, month, or all for all days together
-- Columns:
--   product                      text    product, null where the source does not say
--   source                       text    where it came from
--   rating_scale                 text    scale of the rating, worst to best, as in 1-5; null where unknown
--   period                       date    first UTC day of the day, week or month; null for all together
--   events                       bigint  events with rating and scored text
--   mean_rating                  double  their mean rating
--   mean_text_sentiment          double  their mean sentiment by the text alone
--   gap                          double  mean_rating - mean_text_sentiment
--   agreement                    double  correlation of the two; null where it is not defined
--   pleased_with_friction        double  share of events rated 0.5 or better whose words express friction
--   displeased_without_friction  double  share of events rated -0.5 or worse whose words express none
--   pleased                      bigint  events rated 0.5 or better, what the first share is of
--   displeased                   bigint  events rated -0.5 or worse, what the second share is of
--   null_reason                  text    why agreement or a share is null; null where none is
-- Example:
--   SELECT source, rating_scale, period, gap, agreement FROM rating_text_gap(of_product := 'Gmail', bucket := 'month')
--   ORDER BY ALL
-- Cost: events and event_touchpoints of the days asked for; texts are not read.
CREATE OR REPLACE MACRO rating_text_gap(of_product := NULL, from_day := NULL, to_day := NULL, bucket := 'week') AS TABLE
WITH rated AS (
    SELECT
        e.product AS about, e.source, e.rating_scale, e.rating, e.text_sentiment::DOUBLE AS words, e.friction,
        first_day_of(bucket, e.day) AS period
    FROM event_touchpoints AS e
    WHERE e.touchpoint = 'any' AND e.rating IS NOT NULL AND e.text_sentiment IS NOT NULL
        AND (of_product IS NULL OR e.product = of_product)
        AND (from_day IS NULL OR e.day >= from_day::DATE)
        AND (to_day IS NULL OR e.day <= to_day::DATE)
),
counted AS (
    SELECT
        about, source, rating_scale, period,
        count(*) AS events,
        avg(rating) AS mean_rating,
        avg(words) AS mean_text_sentiment,
        if(count(*) >= 3 AND min(rating) < max(rating) AND min(words) < max(words), corr(rating, words), NULL)
            AS agreement,
        count(*) FILTER (rating >= 0.5) AS pleased,
        count(*) FILTER (rating >= 0.5 AND friction) AS pleased_with_friction,
        count(*) FILTER (rating <= -0.5) AS displeased,
        count(*) FILTER (rating <= -0.5 AND NOT friction) AS displeased_without_friction
    FROM rated
    GROUP BY about, source, rating_scale, period
)
SELECT
    about AS product, source, rating_scale, period, events, mean_rating, mean_text_sentiment,
    mean_rating - mean_text_sentiment AS gap,
    agreement,
    pleased_with_friction / nullif(pleased, 0) AS pleased_with_friction,
    displeased_without_friction / nullif(displeased, 0) AS displeased_without_friction,
    pleased, displeased,
    nullif(concat_ws(
        '; ',
        CASE WHEN events < 3 THEN 'agreement needs three events'
            WHEN agreement IS NULL THEN 'all ratings, or all words, are the same: no agreement' END,
        CASE WHEN pleased = 0 THEN 'nobody is pleased' END,
        CASE WHEN displeased = 0 THEN 'nobody is displeased' END
    ), '') AS null_reason
FROM counted;
