-- friction_daily: friction and delight per day, as fine as it is measured.
-- Grain: one row per product, touchpoint, source, channel, version, segment and day with at least one mention.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: friction_rate = authors with at least one friction mention / authors with any mention, that day at
--   that touchpoint; an event without a known author counts as one author. rate_low and rate_high are its 95 %
--   Wilson interval. In support channels nearly everybody has a problem, so read friction_authors (volume) there
--   and friction_rate in reviews and surveys. Events with impossible dates are excluded. Events and mentions may be
--   added over rows, authors may not: one person may stand in several. For a coarser split ask friction(…), which
--   counts people again, or friction_daily_product. Ratings and survey answers are those of events with a mention;
--   ratings_daily has all of them.
-- Columns:
--   product           text     product, null where the source does not say
--   touchpoint        text     touchpoint, or other where none is likely enough
--   source            text     where it came from
--   channel           text     support, survey, review, social, forum or other
--   version           text     version the author used, null where unknown and not inferred
--   segment           map      the event's segments, name to value: segment['plan']
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
--   SELECT day, source, version, friction_authors, friction_rate, rate_low, rate_high FROM friction_daily
--   WHERE product = 'firefox' AND touchpoint = 'usability' AND day >= '2023-10-01' ORDER BY day
-- Cost: that of rollup_daily.
CREATE OR REPLACE VIEW friction_daily AS
SELECT
    product, touchpoint, source, channel, version, segment, day,
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
FROM rollup_daily
LEFT JOIN (
    SELECT product, day, any_value(exposure) AS exposure
    FROM exposure_daily
    WHERE version = 'any' AND null_reason IS NULL
    GROUP BY product, day
    HAVING count(*) = 1
) USING (product, day);
