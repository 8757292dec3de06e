-- revisions: every revision of every event with the scores that are shown; the layer below events.
-- Grain: one row per event revision; edits and deletions are rows of their own.
-- Units: instants in UTC; rating and sentiment -1 (worst) to 1 (best); probabilities 0 to 1.
-- Definition: the rows of feedback. Scores, mentions and model_version are those of the chosen model where it has
--   scored the revision, else those stored with it; without a choice (tribometer switch-model) always the stored ones.
--   So model_version says whose scores each row shows: the view models says whether there is more than one.
-- Columns:
--   event_id         text      identity of this revision
--   source           text      where it came from
--   channel          text      support, survey, review, social, forum or other
--   account          text      account of the source, where it has several
--   native_id        text      the source's own identity of the event
--   revision         text      the source's own revision, or a hash of the content
--   supersedes       text      the revision this one replaces, where the source says so
--   author_key       text      pseudonym of the author, null where unknown
--   author_kind      text      customer, agent or bot
--   segment          map       the event's segments, name to value
--   occurred_at      instant   when the customer said it
--   revised_at       instant   when this revision was written
--   received_at      instant   when the pipeline received it
--   product          text      product, null where the source does not say
--   version          text      version the author used, null where unknown
--   version_source   text      who says so: given, tag or inferred
--   language         text      ISO 639 code, null where unknown
--   text             text      what was said, without personal data; empty in a deletion
--   rating_raw       double    the answer on its own scale
--   rating_scale     text      that scale, worst to best, as in 1-5
--   rating           double    the answer on -1 to 1
--   survey_kind      text      nps, csat or ces
--   thread           text      conversation the event belongs to
--   url              text      where to read it at its source
--   deleted          boolean   whether this revision deletes the event
--   extra            text      fields of the source without a column, as JSON
--   redactions       map       what was removed from the text, placeholder to count
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
--   model_version    text      scorer whose scores these are
--   committed_at     instant   when the row became visible
--   batch_id         text      the batch that brought it; see runs
--   text_sentiment   float     sentiment by the text alone, null without a scored text
--   text_friction_p  float     friction_p by the text alone, null without a scored text
--   day              text      partition: UTC day of occurred_at, or invalid for an impossible date
-- Example:
--   SELECT model_version, count(*) FROM revisions GROUP BY model_version
-- Cost: as feedback; with a chosen model also the same days of its scores.
CREATE OR REPLACE VIEW revisions AS
SELECT stored.* REPLACE (
    if(chosen.event_id IS NULL, stored.unscored_reason, chosen.unscored_reason) AS unscored_reason,
    if(chosen.event_id IS NULL, stored.sentiment_label, chosen.sentiment_label) AS sentiment_label,
    if(chosen.event_id IS NULL, stored.sentiment, chosen.sentiment) AS sentiment,
    if(chosen.event_id IS NULL, stored.sentiment_p, chosen.sentiment_p) AS sentiment_p,
    if(chosen.event_id IS NULL, stored.friction_p, chosen.friction_p) AS friction_p,
    if(chosen.event_id IS NULL, stored.touchpoint, chosen.touchpoint) AS touchpoint,
    if(chosen.event_id IS NULL, stored.touchpoint_p, chosen.touchpoint_p) AS touchpoint_p,
    if(chosen.event_id IS NULL, stored.effort, chosen.effort) AS effort,
    if(chosen.event_id IS NULL, stored.intents, chosen.intents) AS intents,
    if(chosen.event_id IS NULL, stored.mentions, chosen.mentions) AS mentions,
    if(chosen.event_id IS NULL, stored.model_version, chosen.model_version) AS model_version,
    if(chosen.event_id IS NULL, stored.text_sentiment, chosen.text_sentiment) AS text_sentiment,
    if(chosen.event_id IS NULL, stored.text_friction_p, chosen.text_friction_p) AS text_friction_p
)
FROM tables.feedback AS stored
-- The day is part of the key although the identity is enough: so a filter on day skips files of both tables.
LEFT JOIN (
    SELECT * FROM tables.scores WHERE model_version = getvariable('tribometer_model')
) AS chosen ON chosen.day = stored.day AND chosen.event_id = stored.event_id;
