-- functions: the 95 % Wilson score interval of a share, for the views and for your own queries.
-- Grain: scalar functions of two counts.
-- Units: shares, 0 to 1.
-- Definition: wilson_low(k, n) and wilson_high(k, n) bound the share k / n with z = 1.959964 (Wilson 1927,
--   JASA 22:209). Both are null when n is 0. Unlike p ± 1.96 · standard error, the interval stays inside 0 to 1
--   and is honest for the small counts of one day.
-- Columns:
--   wilson_low   double  lower bound of k / n
--   wilson_high  double  upper bound of k / n
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
