-- segment_sets: which segments events carry together.
-- Grain: one row per product, day and set of segments.
-- Units: events.
-- Definition: a set is all segments of one event with their values. segment_key is a digest of it: event_touchpoints has
--   it too, so that sets are told apart without reading them.
-- Columns:
--   product      text     product, null where the source does not say
--   day          date     UTC day; null for an impossible date. Filter on it: it prunes files
--   segment_key  ubigint  64 bits of a digest of segment
--   segment      map      segments, name to value: segment['plan']
--   events       bigint   events with a mention that carry exactly these
-- Example:
--   SELECT unnest(map_keys(segment)) AS name, sum(events) FROM segment_sets WHERE product = 'firefox' GROUP BY name
-- Cost: stored rows are read for days that are rolled up; other days are computed from event_touchpoints.
CREATE OR REPLACE VIEW segment_sets AS
SELECT product, day, segment_key, any_value(segment) AS segment, count(*) AS events
FROM event_touchpoints
WHERE touchpoint = 'any'
GROUP BY product, day, segment_key;
