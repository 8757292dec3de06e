-- What was said about the product, with the weeks before the window that its baselines need: one row per event and
-- touchpoint (any for all together). Every count of people in the report is made from it.
CREATE OR REPLACE TEMP TABLE said AS
SELECT event_id, author, day, touchpoint, friction
FROM event_touchpoints
WHERE product = $product AND day BETWEEN $baseline_from AND $last_day;
