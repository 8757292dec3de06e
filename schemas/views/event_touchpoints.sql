-- event_touchpoints: what one event says about one touchpoint; the layer below the daily measures.
-- Grain: one row per event and touchpoint it mentions, and one per event with touchpoint any for all of them.
-- Units: sums over the mentions; sentiment and rating -1 (worst) to 1 (best); instants in UTC.
-- Definition: friction and delight are true where at least one mention is. Use it for measures over windows other
--   than a day: count(DISTINCT author) over a week is not the sum of its days. Filter touchpoint to any or to the
--   parts, never both.
-- Columns:
--   event_id         text     revision
--   source           text     where it came from
--   channel          text     support, survey, review, social, forum or other
--   author           text     whom to count: author_key, or the event itself where no author is known
--   person           ubigint  64 bits of a digest of author: who counts people by it counts faster
--   named            boolean  whether the author is known; else the event stands for one
--   product          text     product, null where the source does not say
--   version          text     version the author used, null where unknown and not inferred
--   version_source   text     who says so: given, tag, or inferred from the ledger
--   language         text     ISO 639 code, null where unknown
--   segment          map      the event's segments, name to value: segment['plan']
--   segment_key      ubigint  64 bits of a digest of segment; segment_sets has both
--   occurred_at      instant  when the customer said it
--   day              date     UTC day; null for an impossible date. Filter on it: it prunes files
--   touchpoint       text     touchpoint, other where none is likely enough, or any for all together
--   mentions         bigint   mentions
--   friction         boolean  whether one of them expresses friction
--   delight          boolean  whether one of them expresses delight
--   sentiment_sum    double   sum over mentions
--   effort_sum       bigint   sum over mentions that report effort, else null
--   effort_mentions  bigint   mentions that report effort
--   rating           double   rating of the whole event
--   rating_raw       double   the same on its own scale
--   rating_scale     text     that scale, worst to best, as in 1-5
--   survey_kind      text     nps, csat or ces
--   text_sentiment   float    sentiment of the whole event by its text alone
--   model_version    text     scorer
-- Example:
--   SELECT date_trunc('week', day) AS week, count(DISTINCT author) FILTER (friction) / count(DISTINCT author) AS rate
--   FROM event_touchpoints WHERE product = 'firefox' AND touchpoint = 'any' AND day >= '2023-10-01'
--   GROUP BY week ORDER BY week
-- Cost: stored rows are read for days that are rolled up; other days are computed from mentions.
CREATE OR REPLACE VIEW event_touchpoints AS
SELECT
    event_id,
    any_value(source) AS source,
    any_value(channel) AS channel,
    any_value(author) AS author,
    md5_number_lower(any_value(author)) AS person,
    any_value(author_key) IS NOT NULL AS named,
    product,
    any_value(version) AS version,
    any_value(version_source) AS version_source,
    any_value(language) AS language,
    any_value(segment) AS segment,
    coalesce(md5_number_lower(any_value(segment)::VARCHAR), 0) AS segment_key,
    any_value(occurred_at) AS occurred_at,
    day,
    touchpoint,
    count(*) AS mentions,
    bool_or(friction) AS friction,
    bool_or(delight) AS delight,
    sum(sentiment::DOUBLE) AS sentiment_sum,
    sum(effort)::BIGINT AS effort_sum,
    count(effort) AS effort_mentions,
    any_value(rating) AS rating,
    any_value(rating_raw) AS rating_raw,
    any_value(rating_scale) AS rating_scale,
    any_value(survey_kind) AS survey_kind,
    any_value(text_sentiment) AS text_sentiment,
    any_value(model_version) AS model_version
FROM (SELECT * EXCLUDE (touchpoint), unnest([touchpoint, 'any']) AS touchpoint FROM mentions)
GROUP BY event_id, day, product, touchpoint;
