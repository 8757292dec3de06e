-- scores: what every model says of every revision, shown by the other views or not.
-- Grain: one row per event revision and model_version.
-- Units: sentiment -1 (worst) to 1 (best); probabilities 0 to 1.
-- Definition: the scores stored with each row of feedback, and those that tribometer rescore added. Join it to itself
--   by event_id to set two models side by side, or see tribometer compare-models.
-- Columns:
--   event_id         text      revision
--   day              date      UTC day; null for an impossible date. Filter on it: it prunes files
--   model_version    text      scorer
--   rescored         boolean   whether rescore added it; else it was stored with the row
--   unscored_reason  text      why there are no scores, null where there are
--   sentiment_label  text      negative, neutral or positive
--   sentiment        float     expected sentiment
--   sentiment_p      float     probability of the label
--   friction_p       float     probability that the event expresses friction
--   touchpoint       text      the strongest touchpoint, or other
--   touchpoint_p     float     its probability
--   effort           tinyint   effort the customer reports, null where not mentioned
--   intents          text[]    what the customer wants
--   mentions         struct[]  its mentions
--   committed_at     instant   when the row became visible
--   text_sentiment   float     sentiment by the text alone, null without a scored text
--   text_friction_p  float     friction_p by the text alone, null without a scored text
-- Example:
--   SELECT model_version, avg(friction_p) FROM scores WHERE day >= '2021-06-01' GROUP BY model_version
-- Cost: reads the files of the days asked for.
CREATE OR REPLACE VIEW scores AS
SELECT
    event_id, try_cast(day AS DATE) AS day, model_version, false AS rescored,
    unscored_reason, sentiment_label, sentiment, sentiment_p, friction_p, touchpoint, touchpoint_p, effort, intents,
    mentions, committed_at, text_sentiment, text_friction_p
FROM tables.feedback
UNION ALL
SELECT
    event_id, try_cast(day AS DATE), model_version, true,
    unscored_reason, sentiment_label, sentiment, sentiment_p, friction_p, touchpoint, touchpoint_p, effort, intents,
    mentions, committed_at, text_sentiment, text_friction_p
FROM tables.scores;
