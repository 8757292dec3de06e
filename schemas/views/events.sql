-- events: what customers said, each event once, in its latest revision.
-- Grain: one row per source, account and native_id that is not deleted.
-- Units: instants in UTC; rating and sentiment -1 (worst) to 1 (best); probabilities 0 to 1.
-- Definition: the latest revision is the greatest (revised_at, received_at, event_id). An event whose latest
--   revision is a deletion is left out here and counted in source_health.deleted. Revisions of one event are
--   compared within their day: the day comes from an immutable time, so they share it;
--   split_events names those that break this. All author kinds are here; the
--   measures count customers only. Scores and mentions are those shown by revisions: of the chosen model where it
--   has scored the event. An event that names no version has the one its product's customers had at that moment by
--   the launch ledger (view releases), marked inferred in version_source; before the first release it has none.
--   A version is spelt in one way, here and in launches: 89, 89.0 and 89.0.0 are all 89.0 (canonical_version).
-- Columns:
--   event_id          text       identity of this revision
--   source            text       where it came from
--   channel           text       support, survey, review, social, forum or other
--   account           text       account of the source, where it has several
--   native_id         text       the source's own identity of the event
--   revision          text       the source's own revision, or a hash of the content
--   author            text       whom to count: author_key, or the event itself where no author is known
--   author_key        text       pseudonym of the author, null where unknown
--   author_kind       text       customer, agent or bot
--   segment           map        the event's segments, name to value: segment['plan']
--   occurred_at       instant    when the customer said it
--   day               date       UTC day of occurred_at; null for an impossible date. Filter on it: it prunes files
--   revised_at        instant    when this revision was written
--   received_at       instant    when the pipeline received it
--   product           text       product, null where the source does not say
--   version           text       version the author used, null where unknown and not inferred
--   version_source    text       who says so: given, tag, or inferred from the ledger
--   language          text       ISO 639 code, null where unknown
--   text              text       what was said, without personal data
--   rating_raw        double     the answer on its own scale
--   rating_scale      text       that scale, worst to best, as in 1-5
--   rating            double     the answer on -1 to 1
--   survey_kind       text       nps, csat or ces
--   thread            text       conversation the event belongs to
--   url               text       where to read it at its source
--   unscored_reason   text       why there are no scores, null where there are
--   sentiment_label   text       negative, neutral or positive
--   sentiment         float      expected sentiment
--   sentiment_p       float      probability of the label
--   friction_p        float      probability that the event expresses friction
--   touchpoint        text       the strongest touchpoint, or other
--   touchpoint_p      float      its probability
--   effort            tinyint    effort the customer reports, null where not mentioned
--   intents           text[]     what the customer wants
--   mentions          struct[]   its mentions as stored; the view mentions has them as rows
--   redactions        map        what was removed from the text, placeholder to count
--   extra             text       fields of the source without a column, as JSON
--   model_version     text       scorer whose scores are shown
--   committed_at      instant    when the row became visible
--   batch_id          text       the batch that brought it; see runs
--   text_sentiment    float      sentiment by the text alone, null without a scored text
--   text_friction_p   float      friction_p by the text alone, null without a scored text
-- Example:
--   SELECT day, count(*) FROM events WHERE day >= '2021-06-01' GROUP BY day ORDER BY day
-- Cost: reads the files of the days asked for; without a filter on day the whole history with its texts.
CREATE OR REPLACE VIEW events AS
SELECT
    said.event_id, said.source, channel, account, native_id, revision,
    coalesce(author_key, said.event_id) AS author,
    author_key, author_kind, segment, occurred_at, said.day, revised_at, received_at,
    said.product,
    coalesce(canonical_version(version), inferred_version(releases, segment, occurred_at)) AS version,
    CASE
        WHEN version IS NOT NULL THEN version_source
        WHEN inferred_version(releases, segment, occurred_at) IS NOT NULL THEN 'inferred'
    END AS version_source,
    language, text, rating_raw, rating_scale, rating, survey_kind, thread, url,
    unscored_reason, sentiment_label, sentiment, sentiment_p, friction_p, touchpoint, touchpoint_p, effort, intents,
    mentions, redactions, extra, model_version, committed_at, batch_id, text_sentiment, text_friction_p
FROM (
    SELECT revisions.* REPLACE (try_cast(revisions.day AS DATE) AS day) FROM revisions
) AS said
-- Joins on plain days: DuckDB takes a filter on day to both sides then, and skips files of both.
LEFT JOIN superseded ON superseded.day = said.day AND superseded.event_id = said.event_id
LEFT JOIN (SELECT event_id FROM superseded WHERE day IS NULL) AS undated
    ON said.day IS NULL AND undated.event_id = said.event_id
-- Joined by the day, because one list of all releases would be gone through for each event.
LEFT JOIN tables.releases_in_force AS line ON line.product = said.product AND line.day = said.day
WHERE superseded.event_id IS NULL AND undated.event_id IS NULL;
