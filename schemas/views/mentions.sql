-- mentions: one clause about one touchpoint, from the latest revision of each customer's event.
-- Grain: one row per mention.
-- Units: sentiment and rating -1 (worst) to 1 (best); probabilities 0 to 1; offsets in characters.
-- Definition: friction is friction_p >= 0.5; delight is a positive mention without friction. Only author_kind
--   customer is here. Count people with count(DISTINCT author): one loud customer is not the market, and a row
--   without a known author counts as one author. Events without mentions (unscored ones) have no row.
-- Columns:
--   event_id         text     revision it belongs to
--   mention          bigint   its place in the event, from 1
--   source           text     where it came from
--   channel          text     support, survey, review, social, forum or other
--   author           text     whom to count: author_key, or the event itself where no author is known
--   author_key       text     pseudonym of the author, null where unknown
--   segment          map      the event's segments, name to value: segment['plan']
--   occurred_at      instant  when the customer said it
--   day              date     UTC day of occurred_at; null for an impossible date. Filter on it: it prunes files
--   product          text     product, null where the source does not say
--   version          text     version the author used, null where unknown and not inferred
--   version_source   text     who says so: given, tag, or inferred from the ledger
--   language         text     ISO 639 code, null where unknown
--   touchpoint       text     touchpoint, or other where none is likely enough
--   touchpoint_p     float    its probability
--   friction         boolean  whether it expresses friction
--   delight          boolean  whether it expresses delight
--   friction_p       float    probability of friction
--   sentiment_label  text     negative, neutral or positive
--   sentiment        float    expected sentiment
--   sentiment_p      float    probability of the label
--   effort           tinyint  effort the customer reports, null where not mentioned
--   intents          text[]   what the customer wants
--   theme_id         text     theme, null where none is assigned
--   rating           double   rating of the whole event
--   rating_raw       double   the same on its own scale
--   rating_scale     text     that scale, worst to best, as in 1-5
--   survey_kind      text     nps, csat or ces
--   text_sentiment   float    sentiment of the whole event by its text alone
--   text             text     the clause itself
--   text_start       int      where the clause starts in the event's text, from 0
--   text_end         int      where it ends
--   thread           text     conversation the event belongs to
--   url              text     where to read it at its source
--   model_version    text     scorer
-- Example:
--   SELECT version, count(DISTINCT author) FROM mentions
--   WHERE friction AND touchpoint = 'usability' AND day >= '2021-06-01' GROUP BY version ORDER BY 2 DESC
-- Cost: as events, and unnests them: some three rows an event. For counts, event_touchpoints is cheaper.
CREATE OR REPLACE VIEW mentions AS
SELECT
    event_id, mention, source, channel, author, author_key, segment, occurred_at, day, product, version, version_source,
    language,
    m.touchpoint AS touchpoint, m.touchpoint_p AS touchpoint_p,
    m.friction_p >= 0.5 AS friction,
    m.sentiment_label = 'positive' AND m.friction_p < 0.5 AS delight,
    m.friction_p AS friction_p, m.sentiment_label AS sentiment_label, m.sentiment AS sentiment,
    m.sentiment_p AS sentiment_p, m.effort AS effort, m.intents AS intents, m.theme_id AS theme_id,
    rating, rating_raw, rating_scale, survey_kind, text_sentiment,
    substring(text, m.start + 1, m."end" - m.start) AS text,
    m.start AS text_start, m."end" AS text_end,
    thread, url, model_version
FROM (
    SELECT *, unnest(mentions) AS m, generate_subscripts(mentions, 1) AS mention
    FROM events
    WHERE author_kind = 'customer'
);
