-- friction_hourly: friction and delight per hour, as fine as it is measured.
-- Grain: one row per product, touchpoint, source, channel, version, segment and hour with at least one mention.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: as friction_daily, by the hour in UTC. friction(…) has hours of other time zones.
-- Columns:
--   product           text     product, null where the source does not say
--   touchpoint        text     touchpoint, or other where none is likely enough
--   source            text     where it came from
--   channel           text     support, survey, review, social, forum or other
--   version           text     version the author used, null where unknown and not inferred
--   segment           map      the event's segments, name to value: segment['plan']
--   hour              instant  beginning of the hour
--   day               date     its UTC day. Filter on it: it prunes files
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
--   exposure          double   how many could have complained that hour, in all; null where not recorded or measured in several ways
--   per_1000          double   friction_authors per 1,000 of exposure; null where exposure is null or 0
--   model_version     text     scorer; several where the row mixes models
-- Example:
--   SELECT hour, sum(mentions) AS mentions FROM friction_hourly
--   WHERE product = 'firefox' AND day >= '2023-10-01' GROUP BY hour ORDER BY hour
-- Cost: that of rollup_hourly.
CREATE OR REPLACE VIEW friction_hourly AS
SELECT
    product, touchpoint, source, channel, version, segment, hour, day,
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
FROM rollup_hourly
LEFT JOIN (
    SELECT product, hour, any_value(count) AS exposure
    FROM exposure
    WHERE version IS NULL AND cardinality(segment) = 0 AND count >= 0
    GROUP BY product, hour
    HAVING count(*) = 1
) USING (product, hour);
