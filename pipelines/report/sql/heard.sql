-- Events about the product in the same days, one row each: for words, totals and sources.
CREATE OR REPLACE TEMP TABLE heard AS
SELECT event_id, author, source, channel, day, text, unscored_reason IS NOT NULL AS unscored, model_version
FROM events
WHERE product = $product AND day BETWEEN $baseline_from AND $last_day;
