-- functions: what the views calculate with, for your own queries too.
-- Grain: scalar functions.
-- Units: shares, 0 to 1.
-- Definition: wilson_low(k, n) and wilson_high(k, n) bound the share k / n with z = 1.959964 (Wilson 1927,
--   JASA 22:209). Both are null when n is 0. Unlike p ± 1.96 · standard error, the interval stays inside 0 to 1
--   and is honest for the small counts of one day. inferred_version(product, segment, moment) looks the version up in
--   what the view releases says; of a release for one platform it speaks only where the event's segment platform or
--   os names that platform. null before the first release.
--   canonical_version(version) leaves trailing .0 out, so that 89 and 89.0 are one version: sources and release lists
--   differ in it.
-- Columns:
--   wilson_low         double  lower bound of k / n
--   wilson_high        double  upper bound of k / n
--   inferred_version   text    version in force at an instant
--   canonical_version  text    the version as events and launches spell it
-- Example:
--   SELECT wilson_low(3, 10), wilson_high(3, 10)
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
