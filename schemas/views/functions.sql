-- functions: what the views calculate with, for your own queries too.
-- Grain: scalar functions.
-- Units: shares and probabilities, 0 to 1; counts.
-- Definition: wilson_low(k, n) and wilson_high(k, n) bound the share k / n with z = 1.959964 (Wilson 1927,
--   JASA 22:209). Both are null when n is 0. Unlike p ± 1.96 · standard error, the interval stays inside 0 to 1
--   and is honest for the small counts of one day. count_low(k) and count_high(k) bound the mean behind a Poisson
--   count k (Barker 2002, The American Statistician 56:85); divide both by an exposure for the interval of a rate.
--   A count of 0 has an upper bound of 3.84. Both are null when k is negative or null. newcombe_low(k1, n1, k2, n2) and
--   newcombe_high bound the difference k1 / n1 - k2 / n2 of two groups of people by their Wilson intervals (Newcombe
--   1998, Statistics in Medicine 17:873, method 10); null when one of the groups is empty.
--   normal_cdf is Hart's rational approximation as given by West (2005, Wilmott 8:70), right to 1e-14. t_quantile_975
--   is the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), right to 1.1e-4 from 6 degrees of freedom on, and
--   tabled below. t_p_value is the finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and
--   26.7.4), exact but for rounding, which is 1e-15 whatever the p-value.
--   inferred_version(releases, segment, moment) is the version of the last of a day's releases
--   (tables.releases_in_force, made of the view releases) that was out at the moment; one for a platform counts only
--   where the event's segment platform or os names it. null before the first release. canonical_version(version)
--   makes one of 89, 89.0 and 89.0.0, namely 89.0: sources and release lists differ in it. Numbers of five digits and
--   more, as of builds, stay. voice_of(channel) is own for what comes to you (support, survey), else public.
--   first_day_of(bucket, day) is where the day, week (Monday) or month of a day begins, null for all.
-- Columns:
--   wilson_low         double  lower bound of k / n
--   wilson_high        double  upper bound of k / n
--   newcombe_low       double  lower bound of k1 / n1 - k2 / n2
--   newcombe_high      double  upper bound of k1 / n1 - k2 / n2
--   count_low          double  lower bound of the mean behind k
--   count_high         double  upper bound of the mean behind k
--   normal_cdf         double  of z: probability of a standard normal value up to z
--   t_quantile_975     double  of df: what Student's t exceeds in 2.5 of 100 cases; df whole or above 6, else null
--   t_p_value          double  of t and df: two-sided p-value of Student's t; df a whole number from 1 on, else null
--   inferred_version   text    version in force at an instant
--   canonical_version  text    the version as events and launches spell it
--   voice_of           text    own or public
--   first_day_of       date    first day of the bucket; another bucket is an error
-- Example:
--   SELECT wilson_low(3, 10), wilson_high(3, 10), 1000 * count_low(3) / 25000, 1000 * count_high(3) / 25000
-- Cost: arithmetic.
CREATE OR REPLACE MACRO wilson_centre(k, n) AS
    (k / n + 3.841458820694124 / (2 * n)) / (1 + 3.841458820694124 / n);
CREATE OR REPLACE MACRO wilson_half(k, n) AS
    1.959963984540054 * sqrt((k / n) * (1 - k / n) / n + 3.841458820694124 / (4 * n * n))
    / (1 + 3.841458820694124 / n);
CREATE OR REPLACE MACRO wilson_low(k, n) AS
    CASE WHEN n > 0 THEN greatest(0.0::DOUBLE, wilson_centre(k, n) - wilson_half(k, n)) END;
CREATE OR REPLACE MACRO wilson_high(k, n) AS
    CASE WHEN n > 0 THEN least(1.0::DOUBLE, wilson_centre(k, n) + wilson_half(k, n)) END;
CREATE OR REPLACE MACRO inferred_version(releases, of_segment, moment) AS
    list_filter(
        releases,
        lambda release: release.in_force_at <= moment
            AND (release.platform IS NULL OR release.platform IN (lower(of_segment['platform']), lower(of_segment['os'])))
    )[-1].version;
CREATE OR REPLACE MACRO canonical_version(any_version) AS
    CASE
        WHEN regexp_full_match(any_version, '\d{1,4}') THEN any_version || '.0'
        WHEN ends_with(any_version, '.0') THEN regexp_replace(any_version, '^(\d+\.\d+(\.\d+)*?)(\.0)+$', '\1')
        ELSE any_version
    END;
CREATE OR REPLACE MACRO voice_of(any_channel) AS
    CASE WHEN any_channel IN ('support', 'survey') THEN 'own' ELSE 'public' END;
CREATE OR REPLACE MACRO first_day_of(any_bucket, any_day) AS
    CASE any_bucket
        WHEN 'all' THEN NULL
        WHEN 'day' THEN any_day
        WHEN 'week' THEN date_trunc('week', any_day)::DATE
        WHEN 'month' THEN date_trunc('month', any_day)::DATE
        ELSE error('bucket is day, week, month or all')
    END;
CREATE OR REPLACE MACRO count_high(k) AS
    CASE WHEN k >= 0 THEN k + 1.920729410347062 + 1.959963984540054 * sqrt(greatest(k, 0) + 0.960364705173531) END;
CREATE OR REPLACE MACRO count_low(k) AS
    -- The bounds are the roots of m² - (2k + z²) m + k²; their product is exact where a difference is not.
    CASE WHEN k >= 0 THEN k::DOUBLE * k / count_high(k) END;

-- The upper tail of a value that is not negative.
CREATE OR REPLACE MACRO normal_tail(y) AS
    CASE
        WHEN y > 37 THEN 0.0::DOUBLE
        WHEN y < 7.07106781186547e0 THEN exp(-y * y / 2)
            * ((((((3.52624965998911e-2 * y + 0.700383064443688e0) * y + 6.37396220353165e0) * y
                + 33.912866078383e0) * y + 112.079291497871e0) * y + 221.213596169931e0) * y + 220.206867912376e0)
            / (((((((8.83883476483184e-2 * y + 1.75566716318264e0) * y + 16.064177579207e0) * y
                + 86.7807322029461e0) * y + 296.564248779674e0) * y + 637.333633378831e0) * y
                + 793.826512519948e0) * y + 440.413735824752e0)
        ELSE exp(-y * y / 2) / 2.506628274631e0 / (y + 1 / (y + 2 / (y + 3 / (y + 4 / (y + 0.65e0)))))
    END;
CREATE OR REPLACE MACRO normal_cdf(z) AS
    CASE WHEN z <= 0 THEN normal_tail(-z::DOUBLE) ELSE 1 - normal_tail(z::DOUBLE) END;
CREATE OR REPLACE MACRO t_quantile_975(df) AS
    CASE
        WHEN df IN (1, 2, 3, 4, 5) THEN
            [12.706204736432e0, 4.302652729911e0, 3.182446305284e0, 2.776445105198e0, 2.570581835636e0][df::INTEGER]
        WHEN df >= 6 THEN 1.959963984540e0
            + (2.372271230e0 + (2.822498616e0 + (2.555849680e0 + 1.589534054e0 / df) / df) / df) / df
    END;
-- The terms of either series: the next is the one before times (cos θ)² and a fraction of neighbouring numbers.
CREATE OR REPLACE MACRO t_series(df, cosine) AS
    list_sum(list_transform(range(0, df // 2), lambda term:
        cosine ^ (2 * term + df % 2)
        * coalesce(list_product(list_transform(range(1, term + 1), lambda factor:
            (2 * factor - 1 + df % 2)::DOUBLE / (2 * factor + df % 2))), 1)));
CREATE OR REPLACE MACRO t_p_value(t, df) AS
    CASE WHEN df >= 1 AND df % 1 = 0 THEN
        greatest(0.0::DOUBLE, 1 - if(df % 2 = 0,
            abs(t) / sqrt(df + t * t) * t_series(df::BIGINT, sqrt(df / (df + t * t))),
            (atan(abs(t) / sqrt(df)) + abs(t) / sqrt(df + t * t)
                * coalesce(t_series(df::BIGINT, sqrt(df / (df + t * t))), 0)) * 2 / pi()))
    END;
CREATE OR REPLACE MACRO newcombe_low(k1, n1, k2, n2) AS
    CASE WHEN n1 > 0 AND n2 > 0 THEN
        k1 / n1 - k2 / n2 - sqrt((k1 / n1 - wilson_low(k1, n1)) ^ 2 + (wilson_high(k2, n2) - k2 / n2) ^ 2)
    END;
CREATE OR REPLACE MACRO newcombe_high(k1, n1, k2, n2) AS
    CASE WHEN n1 > 0 AND n2 > 0 THEN
        k1 / n1 - k2 / n2 + sqrt((wilson_high(k1, n1) - k1 / n1) ^ 2 + (k2 / n2 - wilson_low(k2, n2)) ^ 2)
    END;
