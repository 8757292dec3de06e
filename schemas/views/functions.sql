-- functions: what the views calculate with, for your own queries too.
-- Grain: scalar functions.
-- Units: shares, 0 to 1; counts.
-- Definition: wilson_low(k, n) and wilson_high(k, n) bound the share k / n with z = 1.959964 (Wilson 1927,
--   JASA 22:209). Both are null when n is 0. Unlike p ± 1.96 · standard error, the interval stays inside 0 to 1
--   and is honest for the small counts of one day. count_low(k) and count_high(k) bound the mean behind a Poisson
--   count k (Barker 2002, The American Statistician 56:85); divide both by an exposure for the interval of a rate.
--   A count of 0 has an upper bound of 3.84. Both are null when k is negative or null.
--   inferred_version(releases, segment, moment) is the version of the last of a day's releases
--   (tables.releases_in_force, made of the view releases) that was out at the moment; one for a platform counts only
--   where the event's segment platform or os names it. null before the first release. canonical_version(version)
--   leaves trailing .0 out, so that 89 and 89.0 are one version: sources and release lists differ in it.
-- Columns:
--   wilson_low         double  lower bound of k / n
--   wilson_high        double  upper bound of k / n
--   count_low          double  lower bound of the mean behind k
--   count_high         double  upper bound of the mean behind k
--   inferred_version   text    version in force at an instant
--   canonical_version  text    the version as events and launches spell it
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
    CASE WHEN ends_with(any_version, '.0') THEN regexp_replace(any_version, '(\.0)+$', '') ELSE any_version END;
CREATE OR REPLACE MACRO count_high(k) AS
    CASE WHEN k >= 0 THEN k + 1.920729410347062 + 1.959963984540054 * sqrt(greatest(k, 0) + 0.960364705173531) END;
CREATE OR REPLACE MACRO count_low(k) AS
    -- The bounds are the roots of m² - (2k + z²) m + k²; their product is exact where a difference is not.
    CASE WHEN k >= 0 THEN k::DOUBLE * k / count_high(k) END;
