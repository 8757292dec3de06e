-- Events about the product in the window and the weeks before it that its baselines need, one row each. Where no author
-- is known, everybody who says the same in 40 characters or more within a source is taken for one
-- person: a text pasted a hundred times is one voice.
CREATE OR REPLACE TEMP TABLE heard AS
SELECT
    event_id,
    CASE
        WHEN author_key IS NULL AND length(text) >= 40
        THEN md5(source || ' ' || lower(regexp_replace(text, '[\W\d_]+', ' ', 'g')))
        ELSE author
    END AS author,
    source, channel, day, text, model_version,
    unscored_reason IS NOT NULL AS unscored, coalesce(unscored_reason LIKE 'noise:%', false) AS noise
FROM events
WHERE product = $product AND day BETWEEN $baseline_from AND $last_day;
