-- functions: 95 % intervals of a share and of the difference of two, for the views and for your own queries.
-- Grain: scalar functions of counts.
-- Units: shares, 0 to 1.
-- Definition: wilson_low(k, n) and wilson_high(k, n) bound the share k / n with z = 1.959964 (Wilson 1927,
--   JASA 22:209). Both are null when n is 0. Unlike p ± 1.96 · standard error, the interval stays inside 0 to 1
--   and is honest for the small counts of one day. newcombe_low(k1, n1, k2, n2) and newcombe_high bound the difference
--   k1 / n1 - k2 / n2 of two groups of people by their Wilson intervals (Newcombe 1998, Statistics in Medicine 17:873,
--   method 10); null when one of the groups is empty.
-- Columns:
--   wilson_low     double  lower bound of k / n
--   wilson_high    double  upper bound of k / n
--   newcombe_low   double  lower bound of k1 / n1 - k2 / n2
--   newcombe_high  double  upper bound of k1 / n1 - k2 / n2
-- Example:
--   SELECT wilson_low(3, 10), wilson_high(3, 10), newcombe_low(3, 10, 1, 20), newcombe_high(3, 10, 1, 20)
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
CREATE OR REPLACE MACRO newcombe_low(k1, n1, k2, n2) AS
    CASE WHEN n1 > 0 AND n2 > 0 THEN
        k1 / n1 - k2 / n2 - sqrt((k1 / n1 - wilson_low(k1, n1)) ^ 2 + (wilson_high(k2, n2) - k2 / n2) ^ 2)
    END;
CREATE OR REPLACE MACRO newcombe_high(k1, n1, k2, n2) AS
    CASE WHEN n1 > 0 AND n2 > 0 THEN
        k1 / n1 - k2 / n2 + sqrt((wilson_high(k1, n1) - k1 / n1) ^ 2 + (k2 / n2 - wilson_low(k2, n2)) ^ 2)
    END;
