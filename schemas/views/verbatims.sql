-- verbatims: customers' own words in the order worth reading, strongest friction first.
-- Grain: one row per mention.
-- Units: sentiment and rating -1 (worst) to 1 (best); probabilities 0 to 1.
-- Definition: the rows of mentions with their quote and the text around it, ordered by friction_p and then from
--   the most negative sentiment. Personal data was removed before storage: placeholders say what stood there.
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
--   day              date     UTC day; null for an impossible date. Filter on it: it prunes files
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
--   SELECT day, quote, url FROM verbatims WHERE touchpoint = 'billing' AND day >= '2021-06-01' LIMIT 20
-- Cost: as mentions, and sorts what is left: filter on day and product first.
CREATE OR REPLACE VIEW verbatims AS
SELECT
    m.friction_p AS friction_p, m.sentiment AS sentiment,
    substring(text, m.start + 1, m."end" - m.start) AS quote,
    text, m.start AS highlight_start, m."end" AS highlight_end,
    product, version, m.touchpoint AS touchpoint, day, source, channel, language, rating,
    m.intents AS intents, m.theme_id AS theme_id, author, segment, url, event_id, occurred_at
FROM (SELECT *, unnest(mentions) AS m FROM events WHERE author_kind = 'customer')
ORDER BY friction_p DESC, sentiment, occurred_at DESC, event_id, m.start;
