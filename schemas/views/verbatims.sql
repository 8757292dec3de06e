-- verbatims: customers' own words in the order worth reading, strongest friction first.
-- Grain: one row per mention, of those asked for the first `most`.
-- Units: sentiment and rating -1 (worst) to 1 (best); probabilities 0 to 1.
-- Definition: the rows of mentions with their quote and the text around it, ordered by friction_p and then from
--   the most negative sentiment. Personal data was removed before storage: placeholders say what stood there. What no
--   parameter chooses, such as a segment or delight, WHERE does, of the rows that are left: give most := NULL then.
-- Parameters:
--   of_product     text  this product only; null for each
--   from_day       date  first UTC day; null for the beginning
--   to_day         date  last UTC day; null for the end
--   at_touchpoint  text  touchpoint, or any (the default) for all
--   of_version     text  this version only, spelt as in events; null for each
--   of_source      text  this source only; null for each
--   containing     text  words that the quote contains, in any case; null for each quote
--   most           int   how many rows; 20 unless said, null for all
-- Columns:
--   friction_p       float    probability of friction
--   sentiment        float    expected sentiment
--   quote            text     the clause
--   text             text     the whole event's text
--   highlight_start  int      where the quote begins in text, in characters from 0
--   highlight_end    int      where it ends
--   product          text     product, null where the source does not say
--   version          text     version the author used, null where unknown
--   touchpoint       text     touchpoint, or other where none is likely enough
--   day              date     UTC day; null for an impossible date
--   source           text     where it came from
--   channel          text     support, survey, review, social, forum or other
--   language         text     ISO 639 code, null where unknown
--   rating           double   rating of the whole event
--   intents          text[]   what the customer wants
--   theme_id         text     theme, null where none is assigned
--   author           text     pseudonym of the author, or the event's identity
--   segment          map      the event's segments, name to value
--   url              text     where to read it at its source
--   event_id         text     revision it belongs to
--   occurred_at      instant  when the customer said it
-- Example:
--   SELECT day, quote, url FROM verbatims(at_touchpoint := 'billing', from_day := '2021-06-01')
-- Cost: mentions of the days asked for, and the texts of the rows shown.
CREATE OR REPLACE MACRO verbatims(
    of_product := NULL, from_day := NULL, to_day := NULL, at_touchpoint := 'any', of_version := NULL,
    of_source := NULL, containing := NULL, most := 20
) AS TABLE
WITH chosen AS (
    -- Without words and segments, which take longest to read: those of the rows that are left come from the table.
    SELECT
        m.friction_p, m.sentiment, m.text_start, m.text_end, m.product, m.version, m.touchpoint, m.day, m.source,
        m.channel, m.language, m.rating, m.intents, m.theme_id, m.author, m.url, m.event_id, m.occurred_at
    FROM mentions AS m
    WHERE (of_product IS NULL OR m.product = of_product)
        AND (from_day IS NULL OR m.day >= from_day::DATE)
        AND (to_day IS NULL OR m.day <= to_day::DATE)
        AND (at_touchpoint = 'any' OR m.touchpoint = at_touchpoint)
        AND (of_version IS NULL OR m.version = of_version)
        AND (of_source IS NULL OR m.source = of_source)
        AND (containing IS NULL OR contains(lower(m.text), lower(containing)))
    ORDER BY m.friction_p DESC, m.sentiment, m.occurred_at DESC, m.event_id, m.text_start
    LIMIT most
)
SELECT
    chosen.friction_p, chosen.sentiment,
    substring(said.text, text_start + 1, text_end - text_start) AS quote,
    said.text, text_start AS highlight_start, text_end AS highlight_end,
    chosen.product, chosen.version, chosen.touchpoint, chosen.day, chosen.source, chosen.channel, chosen.language,
    chosen.rating, chosen.intents, chosen.theme_id, chosen.author, said.segment, chosen.url, chosen.event_id,
    chosen.occurred_at
FROM chosen
JOIN feedback AS said
    ON said.day = coalesce(chosen.day::VARCHAR, 'invalid') AND said.event_id = chosen.event_id
ORDER BY chosen.friction_p DESC, chosen.sentiment, chosen.occurred_at DESC, chosen.event_id, text_start;
