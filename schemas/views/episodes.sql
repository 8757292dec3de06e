-- episodes: friction that rose at one product and touchpoint, from its beginning to its end.
-- Grain: one row per episode.
-- Units: people with friction, unknown authors half; hours; instants in UTC.
-- Definition: the state is that of the latest alert that is no amendment; the figures are those of the alert with the
--   largest excess, the peak. Answers of people count from when they were given: an acknowledgement until the episode is
--   reopened, a snooze and a silence until they end. A silence is of a product and touchpoint, or a whole product.
-- Columns:
--   episode_id       text     episode
--   fingerprint      text     the same for every episode of a product and touchpoint
--   product          text     product
--   touchpoint       text     touchpoint, or * for the whole product
--   status           text     firing or resolved
--   severity         text     info, warning or critical
--   sources          text[]   members; * is the sum of the sources
--   started_at       instant  start of its first hour
--   ended_at         instant  its end; null while it is on
--   hours            bigint   how long it took, or has taken at its last alert
--   last_alert_id    text     latest alert that is no amendment
--   last_kind        text     what that told
--   last_hour        instant  the hour it was about
--   alerts           bigint   alerts, amendments among them
--   told             bigint   alerts of which somebody is to be told
--   observed         double   people with friction at its peak
--   expected         double   as many as were expected then
--   ratio            double   observed / expected; null where that is 0
--   excess           double   observed minus expected
--   surprise         double   largest -log10 of the chance
--   authors          bigint   distinct authors at its peak
--   launch_id        text     launch before it; null where none is near
--   acknowledged_by  text     who is on it; null for nobody
--   acknowledged_at  instant  since when
--   snoozed_until    instant  until when its updates are held back; null where they are not
--   silenced_until   instant  until when its product and touchpoint are silent; null where they are not
--   verdict          text     useful, noise or expected, as people last said; null where nobody has
--   note             text     what was last written beside an answer
-- Example:
--   SELECT started_at, hours, product, touchpoint, status, round(ratio, 1) AS ratio, acknowledged_by FROM episodes
--   ORDER BY started_at DESC LIMIT 20
-- Cost: two small tables.
CREATE OR REPLACE VIEW episodes AS
WITH counted AS (
    SELECT
        episode_id,
        count(*) AS alerts,
        count(*) FILTER (notify) AS told,
        max(surprise) AS surprise,
        max(recorded_at) FILTER (kind IN ('opened', 'reopened')) AS opened_at,
        arg_max(
            {
                'observed': observed, 'expected': expected, 'ratio': ratio, 'excess': excess, 'authors': authors
            },
            (excess, hour)
        ) AS peak
    FROM tables.alerts
    GROUP BY episode_id
),
latest AS (
    SELECT *
    FROM tables.alerts
    QUALIFY row_number() OVER (
        PARTITION BY episode_id ORDER BY kind = 'amended', hour DESC, recorded_at DESC, alert_id DESC
    ) = 1
),
answers AS (
    SELECT
        episode_id,
        arg_max({'act': act, 'who': who, 'at': recorded_at}, recorded_at)
            FILTER (act IN ('acknowledge', 'unacknowledge')) AS acknowledged,
        arg_max(until, recorded_at) FILTER (act = 'snooze') AS snoozed_until,
        arg_max(verdict, recorded_at) FILTER (act = 'feedback') AS verdict,
        arg_max(note, recorded_at) FILTER (note IS NOT NULL) AS note
    FROM tables.alert_actions
    WHERE episode_id IS NOT NULL
    GROUP BY episode_id
),
silences AS (
    SELECT product, touchpoint, arg_max(until, recorded_at) AS until
    FROM tables.alert_actions
    WHERE act IN ('silence', 'unsilence')
    GROUP BY product, touchpoint
    HAVING arg_max(act, recorded_at) = 'silence'
),
silent AS (
    SELECT latest.episode_id, max(silences.until) AS until
    FROM latest
    JOIN silences
        ON silences.product = latest.product AND silences.touchpoint IN (latest.touchpoint, '*')
    GROUP BY latest.episode_id
),
present AS (
    SELECT coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) AS at
)
SELECT
    latest.episode_id, fingerprint, latest.product, latest.touchpoint, status, severity, sources, started_at, ended_at,
    date_diff('hour', started_at, coalesce(ended_at, hour + INTERVAL 1 HOUR)) AS hours,
    alert_id AS last_alert_id, kind AS last_kind, hour AS last_hour, counted.alerts, counted.told,
    peak.observed AS observed, peak.expected AS expected, peak.ratio AS ratio, peak.excess AS excess,
    counted.surprise, peak.authors AS authors, launch_id,
    CASE WHEN acknowledged.act = 'acknowledge' AND acknowledged.at >= coalesce(opened_at, acknowledged.at)
        THEN acknowledged.who END AS acknowledged_by,
    CASE WHEN acknowledged.act = 'acknowledge' AND acknowledged.at >= coalesce(opened_at, acknowledged.at)
        THEN acknowledged.at END AS acknowledged_at,
    CASE WHEN answers.snoozed_until > present.at THEN answers.snoozed_until END AS snoozed_until,
    CASE WHEN silent.until > present.at THEN silent.until END AS silenced_until,
    verdict, note
FROM latest
JOIN counted USING (episode_id)
CROSS JOIN present
LEFT JOIN answers USING (episode_id)
LEFT JOIN silent USING (episode_id);
