-- alert_deliveries: who was told of which alert, through which channel, and what came of it.
-- Grain: one row per alert and channel that a route led to.
-- Units: instants in UTC.
-- Definition: the latest step of each delivery. sending: it is being sent, or the sender was killed meanwhile and the
--   next one sends again. sent: the receiver took it. failed: it is tried again at next_at. refused: it is given up.
--   held: it waits for a digest or for the end of quiet hours. muted: nobody is told, error says why.
-- Columns:
--   delivery_id  text     alert and channel; the key by which a receiver recognises a repetition
--   alert_id     text     alert
--   episode_id   text     its episode
--   product      text     product
--   touchpoint   text     touchpoint, or * for the whole product
--   kind         text     what was told
--   route        text     route that led there
--   channel      text     channel, as the routes file names it
--   service      text     what kind of channel, as in slack, email or webhook
--   state        text     sending, sent, failed, refused, held or muted
--   attempts     int      attempts so far
--   first_at     instant  first step
--   taken_at     instant  latest step
--   next_at      instant  when it is tried again or due; null where it is not
--   digest_id    text     digest it went out with; null for alone
--   error        text     why it failed, was held or muted; null where nothing is to be said
-- Example:
--   SELECT taken_at, channel, state, attempts, error FROM alert_deliveries WHERE state IN ('failed', 'refused') ORDER BY taken_at DESC
-- Cost: two small tables.
CREATE OR REPLACE VIEW alert_deliveries AS
SELECT
    delivery_id, steps.alert_id, steps.episode_id, alerts.product, alerts.touchpoint, alerts.kind, route, channel,
    service, state,
    max(attempt) OVER line AS attempts, min(taken_at) OVER line AS first_at, taken_at, next_at, digest_id, error
FROM tables.alert_deliveries AS steps
LEFT JOIN tables.alerts AS alerts ON alerts.alert_id = steps.alert_id
WINDOW line AS (PARTITION BY delivery_id)
QUALIFY row_number() OVER (
    PARTITION BY delivery_id ORDER BY attempt DESC, state = 'sending', taken_at DESC, step_id
) = 1;
