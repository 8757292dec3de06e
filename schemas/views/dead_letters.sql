-- dead_letters: messages that could not be accepted, without their bytes.
-- Grain: one row per message.
-- Units: payload_bytes in bytes; instants in UTC.
-- Definition: the payload may hold personal data and stays in the restricted table; `origin` says where the
--   message stood. `reason` and `evidence` never quote its text.
-- Columns:
--   dead_letter_id  text     identity: source and exact bytes
--   source          text     where it came from
--   processor       text     step that refused it
--   violation       text     what was wrong, from a closed list
--   field           text     event field or byte position concerned, null where there is none
--   reason          text     what was wrong, in words
--   evidence        map      what was found and what was allowed
--   origin          text     file and record number, or message identity
--   received_at     instant  when the pipeline received it
--   attempts        int      times it was tried
--   payload_bytes   bigint   size of the message
-- Example:
--   SELECT source, violation, count(*) FROM dead_letters GROUP BY ALL ORDER BY 3 DESC
-- Cost: one small table, copied into memory when a connection is opened.
CREATE OR REPLACE VIEW dead_letters AS
SELECT
    dead_letter_id, source, processor, violation, field, reason, evidence, origin, received_at, attempts, payload_bytes
FROM tables.dead_letters;
