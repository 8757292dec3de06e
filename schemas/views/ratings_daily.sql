-- ratings_daily: stars and survey answers per day, with words or without.
-- Grain: one row per product, source, channel, version, survey_kind, rating_scale and day with at least one rating.
-- Units: counts; mean_raw on the scale of the row; rating -1 (worst) to 1 (best).
-- Definition: latest revisions of customers' events that carry a rating. Scales are never mixed: each has rows of
--   its own, and rating is what compares them.
-- Columns:
--   product          text    product, null where the source does not say
--   source           text    where it came from
--   channel          text    support, survey, review, social, forum or other
--   version          text    version the author used, null where unknown and not inferred
--   survey_kind      text    nps, csat or ces; null for stars
--   rating_scale     text    the scale, worst to best, as in 1-5
--   day              date    UTC day. Filter on it: it prunes files
--   answers          bigint  events with a rating
--   authors          bigint  distinct authors of these
--   mean_raw         double  mean on the row's own scale
--   mean_rating      double  mean on -1 to 1
--   nps_promoters    bigint  answers of 9 and 10 to an NPS question on 0-10, else null
--   nps_detractors   bigint  answers of 0 to 6 to an NPS question on 0-10, else null
--   nps              double  100 * (promoters - detractors) / answers; null for other questions and scales
--   csat             double  share in the upper quarter of the scale, as 4 and 5 of 1-5; null for other questions
--   ces              double  mean on 1 (hard) to 7 (easy), carried over linearly; null for other questions
--   without_text     bigint  answers without words
-- Example:
--   SELECT date_trunc('month', day) AS month, 100 * (sum(nps_promoters) - sum(nps_detractors)) / sum(answers) AS nps
--   FROM ratings_daily WHERE survey_kind = 'nps' AND rating_scale = '0-10' GROUP BY month ORDER BY month
-- Cost: stored rows are read for days that are rolled up; other days are computed from events.
CREATE OR REPLACE VIEW ratings_daily AS
SELECT
    product, source, channel, version, survey_kind, rating_scale, day,
    count(*) AS answers,
    count(DISTINCT author) AS authors,
    avg(rating_raw) AS mean_raw,
    avg(rating) AS mean_rating,
    CASE WHEN survey_kind = 'nps' AND rating_scale = '0-10' THEN count(*) FILTER (rating_raw >= 9) END AS nps_promoters,
    CASE WHEN survey_kind = 'nps' AND rating_scale = '0-10' THEN count(*) FILTER (rating_raw <= 6) END AS nps_detractors,
    100 * (nps_promoters - nps_detractors) / answers AS nps,
    CASE WHEN survey_kind = 'csat' THEN count(*) FILTER (rating >= 0.5) / answers END AS csat,
    CASE WHEN survey_kind = 'ces' THEN 4 + 3 * avg(rating) END AS ces,
    count(*) FILTER (text = '') AS without_text
FROM events
WHERE rating IS NOT NULL AND day IS NOT NULL AND author_kind = 'customer'
GROUP BY product, source, channel, version, survey_kind, rating_scale, day;
