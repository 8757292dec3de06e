-- alerts: what there was to tell of friction that rose, as hours closed.
-- Grain: one row per alert: an episode, what there was to tell of it, and the hour.
-- Units: people with friction, unknown authors half; shares 0 to 1; instants in UTC.
-- Definition: an alert is written once and never changed. Late data that would have changed one gives a further row of
--   kind amended, of which nobody is told. Whether somebody was told stands in alert_deliveries, the state of an episode
--   in episodes. Quotes are references: join event_id of payload->'quotes' with events.
-- Columns:
--   alert_id          text     episode_id, kind and hour
--   episode_id        text     episode it belongs to
--   fingerprint       text     the same for every episode of a product and touchpoint
--   kind              text     opened, updated, resolved, reopened, split or amended
--   status            text     firing or resolved
--   severity          text     info, warning or critical, the highest the episode has had
--   product           text     product
--   touchpoint        text     touchpoint, or * for the whole product
--   sources           text[]   members of the episode; * is the sum of the sources
--   hour              instant  start of the closed hour it is about
--   started_at        instant  start of the episode
--   ended_at          instant  its end; null while it is on
--   notify            boolean  whether anybody is to be told
--   held_back         text     why nobody is; null where somebody is
--   window_start      instant  start of the hours counted
--   window_end        instant  their end, exclusive
--   observed          double   people with friction in the window
--   expected          double   as many as were expected
--   band_low          double   lower end of what 90 of 100 such windows bring
--   band_high         double   upper end
--   ratio             double   observed / expected; null where that is 0
--   excess            double   observed minus expected
--   surprise          double   -log10 of p
--   p                 double   calibrated chance of the hour
--   q_value           double   rate of false alarms at which it would just be one; null where it was not tested
--   authors           bigint   distinct authors in the window
--   posts             bigint   items in the window
--   top_author_share  double   share of the posts by whoever wrote most
--   launch_id         text     launch before the episode; null where none is near
--   learning          boolean  whether the series was under 14 days old
--   model_version     text     scorer
--   payload           json     the whole alert, without words of customers; its form is schemas/wire/alert.1.json
--   recorded_at       instant  when it was made
-- Example:
--   SELECT hour, kind, product, touchpoint, round(observed) AS seen, round(expected, 1) AS expected, ratio
--   FROM alerts WHERE product = 'firefox' ORDER BY hour DESC LIMIT 20
-- Cost: one small table.
CREATE OR REPLACE VIEW alerts AS
SELECT
    alert_id, episode_id, fingerprint, kind, status, severity, product, touchpoint, sources, hour, started_at, ended_at,
    notify, held_back, window_start, window_end, observed, expected, band_low, band_high, ratio, excess, surprise, p,
    q_value, authors, posts, top_author_share, launch_id, learning, model_version, payload::JSON AS payload, recorded_at
FROM tables.alerts;
