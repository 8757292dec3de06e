-- source_gaps: times in which a source was silent although it should have spoken.
-- Grain: one row per source and stretch of days without an event on which at least 5 were to be expected.
-- Units: whole UTC days; expected_events in events.
-- Definition: expected for a day is the mean of the same weekday in the four weeks before the silence began; a stretch
--   is a gap when that adds up to 5 or more: by chance alone as good as none would be this quiet (Poisson, 0.7 %).
--   Weekends of a source that rests on weekends are none. A series over a gap is unknown, not zero. The last stretch
--   goes on until today; of one longer than a year the first year is looked at.
-- Columns:
--   source           text     source
--   first_day        date     first silent day
--   last_day         date     last silent day, today included
--   days             bigint   length
--   expected_events  double   events to be expected in it
--   goes_on          boolean  whether the source is silent still
-- Example:
--   SELECT * FROM source_gaps WHERE goes_on
-- Cost: that of source_daily over the whole history.
CREATE OR REPLACE VIEW source_gaps AS
WITH heard AS (
    SELECT source, day, events FROM source_daily WHERE day IS NOT NULL AND events > 0
),
today AS (
    SELECT (coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) AT TIME ZONE 'UTC')::DATE AS today
),
stretches AS (
    SELECT source, day + 1 AS first_day, coalesce(lead(day) OVER by_source - 1, today) AS last_day,
        lead(day) OVER by_source IS NULL AS goes_on
    FROM heard, today
    WINDOW by_source AS (PARTITION BY source ORDER BY day)
    QUALIFY last_day >= first_day
),
silent_days AS (
    SELECT
        *, unnest(generate_series(first_day, least(last_day, first_day + 365), INTERVAL 1 DAY))::DATE AS silent_day
    FROM stretches
),
expectations AS (
    -- The four days of the same weekday before the stretch, heard or not.
    SELECT silent_days.source, first_day, last_day, goes_on, silent_day, coalesce(sum(heard.events), 0) / 4 AS expected
    FROM silent_days
    LEFT JOIN heard
        ON heard.source = silent_days.source
        AND heard.day BETWEEN first_day - 28 AND first_day - 1
        AND (silent_day - heard.day) % 7 = 0
    GROUP BY ALL
)
SELECT source, first_day, last_day, last_day - first_day + 1 AS days, sum(expected) AS expected_events, goes_on
FROM expectations
GROUP BY source, first_day, last_day, goes_on
HAVING expected_events >= 5;
