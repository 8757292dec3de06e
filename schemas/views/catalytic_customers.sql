-- catalytic_customers: people who speak of themes before they grow.
-- Grain: one row per product and author heard in at least five themes that grew.
-- Units: themes; days; shares and probabilities 0 to 1.
-- Definition: a theme grew that reached 20 distinct authors and in some 28 days had three times as many as in its
--   first 28, counted in stretches of 28 days from first_seen. Authors of a theme stand in the order of their first
--   mention; early are the first 5 % of them, at least three. Lead time runs to the day on which half of the theme's
--   authors had spoken. If nobody had a nose for it, each author's place in each theme would be chance, and the number
--   of early places a sum of independent trials with the themes' own shares (Poisson binomial: Hong 2013, Computational
--   Statistics & Data Analysis 59:41). p_value is the mid-p of as many early places or more; being early because one
--   writes at all times is not chance: look at support too, and correct for the number of authors. Pseudonyms only.
-- Parameters:
--   of_product  text  this product only; null for each
--   support     int   fewest themes of an author; 5 unless said, and never fewer
-- Columns:
--   product           text    product, null where the source does not say
--   author_key        text    pseudonym of the author
--   support           bigint  themes that grew in which the author spoke
--   early             bigint  those in which they were early
--   hit_rate          double  early / support
--   expected          double  early places that chance would give
--   median_lead_days  double  median days from their first mention to half of the theme, over early ones; null without
--   p_value           double  mid-p of so many early places by chance
--   p_adjusted        double  p_value times the authors listed, at most 1 (Bonferroni)
--   null_reason       text    why median_lead_days is null; null where it is not
-- Example:
--   SELECT author_key, support, early, expected, median_lead_days, p_value
--   FROM catalytic_customers(of_product := 'firefox') ORDER BY p_value LIMIT 20
-- Cost: all of theme_mentions, of the product if one is given.
CREATE OR REPLACE MACRO catalytic_customers(of_product := NULL, support := 5) AS TABLE
WITH RECURSIVE joined AS (
    SELECT
        t.product, t.theme_id, t.author, any_value(t.author_key) AS author_key, min(t.day) AS day,
        min((t.occurred_at, t.event_id, t.mention)) AS place
    FROM theme_mentions AS t
    WHERE of_product IS NULL OR t.product = of_product
    GROUP BY t.product, t.theme_id, t.author
),
placed AS (
    SELECT
        *,
        row_number() OVER ordered AS rank,
        count(*) OVER whole AS authors,
        (day - min(day) OVER whole) // 28 AS stretch,
        quantile_disc(day, 0.5) OVER whole AS half_day
    FROM joined
    WINDOW whole AS (PARTITION BY product, theme_id),
        ordered AS (PARTITION BY product, theme_id ORDER BY place, author)
),
grown AS (
    SELECT product, theme_id
    FROM (
        SELECT product, theme_id, stretch, any_value(authors) AS authors, count(*) AS new_authors
        FROM placed
        GROUP BY product, theme_id, stretch
    )
    GROUP BY product, theme_id
    HAVING any_value(authors) >= 20 AND max(new_authors) >= 3 * any_value(new_authors) FILTER (stretch = 0)
),
trials AS (
    SELECT
        placed.product, placed.author_key, half_day - day AS lead_days,
        greatest(3, ceil(0.05 * authors)) AS early_places,
        rank <= early_places AS early,
        early_places / authors AS p
    FROM placed
    JOIN grown ON grown.theme_id = placed.theme_id AND grown.product IS NOT DISTINCT FROM placed.product
    WHERE placed.author_key IS NOT NULL
),
people AS (
    SELECT
        product, author_key,
        count(*) AS themes,
        count(*) FILTER (early) AS early,
        sum(p) AS expected,
        median(lead_days) FILTER (early)::DOUBLE AS median_lead_days,
        list(p ORDER BY p) AS chances
    FROM trials
    GROUP BY product, author_key
    HAVING count(*) >= greatest(support, 5)
),
-- The distribution of a sum of unequal trials, one trial at a step: chance[k + 1] is that of k early places.
sums AS (
    SELECT product, author_key, chances, 0 AS done, [1.0::DOUBLE] AS chance FROM people
    UNION ALL
    SELECT
        product, author_key, chances, done + 1,
        list_transform(
            range(0, done + 2),
            lambda k: coalesce(chance[k + 1], 0) * (1 - chances[done + 1])
                + if(k > 0, coalesce(chance[k], 0), 0) * chances[done + 1]
        )
    FROM sums
    WHERE done < len(chances)
)
SELECT
    people.product, people.author_key, themes AS support, early, early / themes AS hit_rate, expected,
    median_lead_days,
    least(1.0, coalesce(list_sum(chance[early + 2:]), 0) + chance[early + 1] / 2) AS p_value,
    least(1.0, p_value * count(*) OVER (PARTITION BY people.product)) AS p_adjusted,
    CASE WHEN early = 0 THEN 'never early' END AS null_reason
FROM people
JOIN sums ON sums.author_key = people.author_key AND sums.product IS NOT DISTINCT FROM people.product
    AND sums.done = themes;
