-- models: the models that have scored anything here, and whose scores are shown.
-- Grain: one row per model_version.
-- Units: counts of revisions and events; days in UTC.
-- Definition: shown counts the rows of events with the scores of this model. More than one model with shown above 0
--   means that series mix models: events came in with another model than the chosen one, or were never re-scored.
--   tribometer rescore --switch ends it.
-- Columns:
--   model_version  text     scorer
--   chosen         boolean  whether its scores are shown wherever they exist
--   stored         bigint   revisions that came in with its scores
--   rescored       bigint   revisions that rescore gave its scores
--   shown          bigint   events that are shown with its scores
--   first_day      date     earliest day of these
--   last_day       date     latest day of these
-- Example:
--   SELECT model_version, shown, first_day, last_day FROM models WHERE shown > 0
-- Cost: reads model_version over the whole history.
CREATE OR REPLACE VIEW models AS
SELECT
    model_version,
    coalesce(model_version = getvariable('tribometer_model'), false) AS chosen,
    sum(stored)::BIGINT AS stored,
    sum(rescored)::BIGINT AS rescored,
    sum(shown)::BIGINT AS shown,
    min(first_day) AS first_day,
    max(last_day) AS last_day
FROM (
    SELECT model_version, count(*) AS stored, 0 AS rescored, 0 AS shown, NULL::DATE AS first_day, NULL::DATE AS last_day
    FROM tables.feedback
    GROUP BY model_version
    UNION ALL
    SELECT model_version, 0, count(*), 0, NULL, NULL
    FROM tables.scores
    GROUP BY model_version
    UNION ALL
    SELECT model_version, 0, 0, count(*), min(day), max(day)
    FROM events
    GROUP BY model_version
)
WHERE model_version IS NOT NULL
GROUP BY model_version;
