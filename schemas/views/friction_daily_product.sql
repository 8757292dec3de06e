-- friction_daily_product: friction and delight of a product per day, each person counted once over all sources.
-- Grain: one row per product, touchpoint and day with at least one mention; touchpoint any is all of them together.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: as friction_daily, with authors counted over all sources and channels. Rows of touchpoint any count
--   a person once over all touchpoints, which the other rows cannot be added up to: always filter
--   touchpoint = 'any' for the whole product, or touchpoint <> 'any' for the parts.
-- Columns:
--   product           text    product, null where the source does not say
--   touchpoint        text    touchpoint, other where none is likely enough, or any for all together
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
--   SELECT day, friction_authors, friction_rate FROM friction_daily_product
--   WHERE product = 'firefox' AND touchpoint = 'any' ORDER BY day
-- Cost: as friction_daily.
CREATE OR REPLACE VIEW friction_daily_product AS
SELECT
    product, touchpoint, day,
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
        product, touchpoint, day, author,
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
    WHERE day IS NOT NULL
    GROUP BY product, touchpoint, day, author
)
GROUP BY product, touchpoint, day;
