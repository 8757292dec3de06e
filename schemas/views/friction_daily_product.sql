-- friction_daily_product: friction and delight of a product per day, each person counted once over all sources.
-- Grain: one row per product, touchpoint and day with at least one mention; touchpoint any is all of them together.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: as friction_daily, with authors counted over all sources, channels, versions and segments. Rows of
--   touchpoint any count a person once over all touchpoints, which the other rows cannot be added up to: always
--   filter touchpoint = 'any' for the whole product, or touchpoint <> 'any' for the parts.
-- Columns:
--   product           text     product, null where the source does not say
--   touchpoint        text     touchpoint, other where none is likely enough, or any for all together
--   day               date     UTC day. Filter on it: it prunes files
--   events            bigint   events with a mention at this touchpoint
--   mentions          bigint   mentions
--   authors           bigint   distinct authors with any mention
--   friction_authors  bigint   distinct authors with a friction mention: the volume
--   friction_rate     double   friction_authors / authors
--   rate_low          double   lower bound of friction_rate
--   rate_high         double   upper bound of friction_rate
--   delight_rate      double   authors with a delight mention / authors
--   mean_sentiment    double   mean over mentions
--   mean_effort       double   mean over mentions that report effort, else null
--   mean_rating       double   mean over rated events (an event counts once), else null
--   rated_events      bigint   events with a rating
--   nps               double   promoters less detractors per hundred answers, -100 to 100; null without answers
--   nps_answers       bigint   answers to an NPS question on 0-10; others are left out
--   csat              double   share of CSAT answers in the upper quarter of the scale, as 4 and 5 of 1-5
--   csat_answers      bigint   answers to a CSAT question
--   ces               double   mean of CES answers on 1 (hard) to 7 (easy); other scales are carried over linearly
--   ces_answers       bigint   answers to a CES question
--   exposure          double   how many could have complained that day, in all; null where not recorded or measured in several ways
--   per_1000          double   friction_authors per 1,000 of exposure; null where exposure is null or 0
--   model_version     text     scorer; several where the row mixes models
-- Example:
--   SELECT day, friction_authors, friction_rate FROM friction_daily_product
--   WHERE product = 'firefox' AND touchpoint = 'any' AND day >= '2023-10-01' ORDER BY day
-- Cost: that of rollup_daily_product.
CREATE OR REPLACE VIEW friction_daily_product AS
SELECT
    product, touchpoint, day,
    events, mentions, authors, friction_authors,
    friction_authors / authors AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high,
    delight_authors / authors AS delight_rate,
    sentiment_sum / mentions AS mean_sentiment,
    effort_sum / nullif(effort_mentions, 0) AS mean_effort,
    rating_sum / nullif(rated_events, 0) AS mean_rating,
    rated_events,
    100 * (nps_promoters - nps_detractors) / nullif(nps_answers, 0) AS nps,
    nps_answers,
    csat_satisfied / nullif(csat_answers, 0) AS csat,
    csat_answers,
    4 + 3 * ces_sum / nullif(ces_answers, 0) AS ces,
    ces_answers,
    exposure,
    1000 * friction_authors / nullif(exposure, 0) AS per_1000,
    model_version
FROM rollup_daily_product
LEFT JOIN (
    SELECT product, day, any_value(exposure) AS exposure
    FROM exposure_daily
    WHERE version = 'any' AND null_reason IS NULL
    GROUP BY product, day
    HAVING count(*) = 1
) USING (product, day);
