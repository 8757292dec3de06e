-- runs: what each committed batch read, and what became of it.
-- Grain: one row per batch.
-- Units: counts of messages; message_bytes in bytes; duration_seconds in seconds; instants in UTC.
-- Definition: messages = accepted + duplicate + dead + suppressed, always.
-- Columns:
--   batch_id            text     identity of the batch
--   command             text     program that ran it
--   source              text     where the messages came from
--   started_at          instant  start
--   finished_at         instant  end
--   messages            bigint   messages read
--   message_bytes       bigint   their size
--   accepted            bigint   new revisions stored
--   duplicate           bigint   messages stored before, or repeated in the batch
--   dead                bigint   messages that could not be accepted
--   suppressed          bigint   messages of erased authors
--   duration_seconds    double   time from start to end
--   model_version       text     scorer
--   tribometer_version  text     program version
--   conflicts           bigint   times a commit met a faster rival and checked again; null before version 0.2
-- Example:
--   SELECT source, sum(messages), sum(accepted), sum(duplicate), sum(dead) FROM runs GROUP BY source
-- Cost: one small table.
CREATE OR REPLACE VIEW runs AS
SELECT
    batch_id, command, source, started_at, finished_at, messages, message_bytes, accepted, duplicate, dead, suppressed,
    duration_seconds, model_version, tribometer_version, conflicts
FROM tables.runs;
