-- What was said in the events heard, one row per event and touchpoint (any for all together). Every count of people in
-- the report is made from it.
CREATE OR REPLACE TEMP TABLE said AS
SELECT event_id, heard.author, event_touchpoints.day, touchpoint, friction
FROM event_touchpoints
JOIN heard USING (event_id)
WHERE event_touchpoints.product = $product AND event_touchpoints.day BETWEEN $baseline_from AND $last_day;
