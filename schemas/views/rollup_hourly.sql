-- rollup_hourly: the sums and counts behind friction_hourly.
-- Grain: one row per product, touchpoint, source, channel, version, segment and hour with at least one mention.
-- Units: counts of events, mentions and distinct authors; sums.
-- Definition: as rollup_daily, by the hour.
-- Columns:
--   product           text    product, null where the source does not say
--   touchpoint        text    touchpoint, or other where none is likely enough
--   source            text    where it came from
--   channel           text    support, survey, review, social, forum or other
--   version           text    version the author used, null where unknown and not inferred
--   segment           map     the event's segments, name to value: segment['plan']
--   hour              instant  beginning of the hour
--   day               date    its UTC day. Filter on it: it prunes files
--   events            bigint  events with a mention at this touchpoint
--   mentions          bigint  mentions
--   authors           bigint  distinct authors with any mention
--   friction_authors  bigint  distinct authors with a friction mention
--   delight_authors   bigint  distinct authors with a delight mention
--   sentiment_sum     double  sum over mentions
--   effort_sum        bigint  sum over mentions that report effort, else null
--   effort_mentions   bigint  mentions that report effort
--   rating_sum        double  sum over rated events
--   rated_events      bigint  events with a rating
--   nps_answers       bigint  answers to an NPS question on 0-10
--   nps_promoters     bigint  those of 9 and 10
--   nps_detractors    bigint  those of 0 to 6
--   csat_answers      bigint  answers to a CSAT question
--   csat_satisfied    bigint  those in the upper quarter of the scale, as 4 and 5 of 1-5
--   ces_answers       bigint  answers to a CES question
--   ces_sum           double  sum of their ratings, -1 (hard) to 1 (easy)
--   model_version     text    scorer; several where the row mixes models
-- Example:
--   SELECT hour, sum(mentions) FROM rollup_hourly WHERE day = '2021-06-01' GROUP BY hour ORDER BY hour
-- Cost: stored rows are read for days that are rolled up; other days are computed from event_touchpoints.
CREATE OR REPLACE VIEW rollup_hourly AS
SELECT
    product, touchpoint, source, channel, version, segment, hour, day,
    sum(events)::BIGINT AS events,
    sum(mentions)::BIGINT AS mentions,
    count(*) AS authors,
    count(*) FILTER (friction) AS friction_authors,
    count(*) FILTER (delight) AS delight_authors,
    sum(sentiment_sum) AS sentiment_sum,
    sum(effort_sum)::BIGINT AS effort_sum,
    sum(effort_mentions)::BIGINT AS effort_mentions,
    sum(rating_sum) AS rating_sum,
    sum(rated_events)::BIGINT AS rated_events,
    sum(nps_answers)::BIGINT AS nps_answers,
    sum(nps_promoters)::BIGINT AS nps_promoters,
    sum(nps_detractors)::BIGINT AS nps_detractors,
    sum(csat_answers)::BIGINT AS csat_answers,
    sum(csat_satisfied)::BIGINT AS csat_satisfied,
    sum(ces_answers)::BIGINT AS ces_answers,
    sum(ces_sum) AS ces_sum,
    if(min(first_model) = max(last_model), min(first_model), 'several') AS model_version
FROM (
    -- One row per author first: counting rows is cheaper than counting distinct authors.
    SELECT
        product, touchpoint, source, channel, version, segment, date_trunc('hour', occurred_at) AS hour, day, author,
        count(*) AS events,
        sum(mentions) AS mentions,
        bool_or(friction) AS friction,
        bool_or(delight) AS delight,
        sum(sentiment_sum) AS sentiment_sum,
        sum(effort_sum) AS effort_sum,
        sum(effort_mentions) AS effort_mentions,
        sum(rating) AS rating_sum,
        count(rating) AS rated_events,
        count(*) FILTER (survey_kind = 'nps' AND rating_scale = '0-10') AS nps_answers,
        count(*) FILTER (survey_kind = 'nps' AND rating_scale = '0-10' AND rating_raw >= 9) AS nps_promoters,
        count(*) FILTER (survey_kind = 'nps' AND rating_scale = '0-10' AND rating_raw <= 6) AS nps_detractors,
        count(rating) FILTER (survey_kind = 'csat') AS csat_answers,
        count(*) FILTER (survey_kind = 'csat' AND rating >= 0.5) AS csat_satisfied,
        count(rating) FILTER (survey_kind = 'ces') AS ces_answers,
        sum(rating) FILTER (survey_kind = 'ces') AS ces_sum,
        min(model_version) AS first_model,
        max(model_version) AS last_model
    FROM event_touchpoints
    WHERE touchpoint <> 'any' AND day IS NOT NULL
    GROUP BY product, touchpoint, source, channel, version, segment, hour, day, author
)
GROUP BY product, touchpoint, source, channel, version, segment, hour, day;
