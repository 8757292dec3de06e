-- Friction mentions about the product in the window, in words: for quotes. `shape` is the text without case, digits
-- and punctuation; two texts of one shape say the same.
CREATE OR REPLACE TEMP TABLE complaints AS
SELECT
    event_id, author, source, day, version, touchpoint, trim(text) AS text,
    friction_p * touchpoint_p AS strength,
    lower(regexp_replace(text, '[\W\d_]+', ' ', 'g')) AS shape
FROM mentions
WHERE friction AND product = $product AND day BETWEEN $first_day AND $last_day;
