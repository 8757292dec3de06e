-- friction_daily: friction and delight per day, as fine as it is measured.
-- Grain: one row per product, touchpoint, source, channel and day with at least one mention.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: friction_rate = authors with at least one friction mention / authors with any mention, that day at
--   that touchpoint; an event without a known author counts as one author. rate_low and rate_high are its 95 %
--   Wilson interval. In support channels nearly everybody has a problem, so read friction_authors (volume) there
--   and friction_rate in reviews and surveys. Events with impossible dates are excluded. Do not add authors over
--   rows: one person may stand in several. Use friction_daily_product, or count(DISTINCT author) FROM mentions.
-- Columns:
--   product           text    product, null where the source does not say
--   touchpoint        text    touchpoint, or other where none is likely enough
--   source            text    where it came from
--   channel           text    support, survey, review, social, forum or other
--   day               date    UTC day. Filter on it: it prunes files
--   events            bigint  events with a mention at this touchpoint
--   mentions          bigint  mentions
--   authors           bigint  distinct authors with any mention
--   friction_authors  bigint  distinct authors with a friction mention: the volume
--   friction_rate     double  friction_authors / authors
--   rate_low          double  lower bound of friction_rate
--   rate_high         double  upper bound of friction_rate
--   delight_rate      double  authors with a delight mention / authors
--   mean_sentiment    double  mean over mentions
--   mean_effort       double  mean over mentions that report effort, else null
--   mean_rating       double  mean over rated events (an event counts once), else null
--   model_version     text    scorer; several where the row mixes models
-- Example:
--   SELECT day, friction_authors, friction_rate, rate_low, rate_high FROM friction_daily
--   WHERE product = 'firefox' AND touchpoint = 'usability' AND day >= '2021-06-01' ORDER BY day
-- Cost: stored rows are read for days that are rolled up; other days are computed from
--   event_touchpoints.
CREATE OR REPLACE VIEW friction_daily AS
SELECT
    product, touchpoint, source, channel, day,
    sum(events)::BIGINT AS events,
    sum(mentions)::BIGINT AS mentions,
    count(*) AS authors,
    count(*) FILTER (friction) AS friction_authors,
    friction_authors / authors AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high,
    count(*) FILTER (delight) / authors AS delight_rate,
    sum(sentiment_sum) / sum(mentions) AS mean_sentiment,
    sum(effort_sum) / nullif(sum(effort_mentions), 0) AS mean_effort,
    sum(rating_sum) / nullif(sum(rated_events), 0) AS mean_rating,
    if(min(first_model) = max(last_model), min(first_model), 'several') AS model_version
FROM (
    -- One row per author first: counting rows is cheaper than three counts of distinct authors.
    SELECT
        product, touchpoint, source, channel, day, author,
        count(*) AS events,
        sum(mentions) AS mentions,
        bool_or(friction) AS friction,
        bool_or(delight) AS delight,
        sum(sentiment_sum) AS sentiment_sum,
        sum(effort_sum) AS effort_sum,
        sum(effort_mentions) AS effort_mentions,
        sum(rating) AS rating_sum,
        count(rating) AS rated_events,
        min(model_version) AS first_model,
        max(model_version) AS last_model
    FROM event_touchpoints
    WHERE touchpoint <> 'any' AND day IS NOT NULL
    GROUP BY product, touchpoint, source, channel, day, author
)
GROUP BY product, touchpoint, source, channel, day;
