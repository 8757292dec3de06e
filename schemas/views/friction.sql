-- friction: friction over any time, split and time zone, each person counted once in each row.
-- Grain: one row per product, part and bucket with at least one mention.
-- Units: counts of events, mentions and distinct authors; shares 0 to 1; sentiment and rating -1 to 1.
-- Definition: as friction_daily_product, for buckets and parts of your choice. A bucket begins on the hour, day,
--   week (Monday), month, quarter or year of the time zone; on the days when clocks change a day has 23 or 25 hours
--   and the hour that comes twice is two buckets. Days of from_day and to_day are days of the zone. With a touchpoint
--   other than any only mentions there count; split by touchpoint ignores it. An unknown product or an empty time has
--   no rows.
-- Parameters:
--   of_product     text  product; null: each of them
--   from_day       date  first day; null: from the beginning, which is slow over long histories
--   to_day         date  last day; null: to the end
--   at_touchpoint  text  touchpoint, or any (the default) for all together
--   split          text  touchpoint, source, channel, version, language, survey_kind or segment:NAME; null: no parts
--   bucket         text  hour, day (the default), week, month, quarter, year, or all for one row over the whole time
--   zone           text  time zone, as in Europe/Berlin; UTC is the default
-- Columns:
--   product           text       product, null where the source does not say
--   part              text       the part split names; null where the event has none, and without a split
--   starts_at         instant    beginning of the bucket; null for bucket all
--   local_start       timestamp  the same on the clock of the zone
--   hours             bigint     length of the bucket; null for bucket all
--   events            bigint     events with a mention
--   mentions          bigint     mentions
--   authors           bigint     distinct authors with any mention
--   friction_authors  bigint     distinct authors with a friction mention: the volume
--   friction_rate     double     friction_authors / authors
--   rate_low          double     lower bound of friction_rate
--   rate_high         double     upper bound of friction_rate
--   delight_rate      double     authors with a delight mention / authors
--   mean_sentiment    double     mean over mentions
--   mean_effort       double     mean over mentions that report effort, else null
--   mean_rating       double     mean over rated events, else null
-- Example:
--   SELECT local_start, part AS os, friction_authors, friction_rate
--   FROM friction(of_product := 'firefox', from_day := '2023-10-01', split := 'segment:os', bucket := 'week',
--       zone := 'America/New_York')
--   ORDER BY local_start, os
-- Cost: reads the days asked for from event_touchpoints and counts people: about 50 ms for 100,000 events.
CREATE OR REPLACE MACRO friction(
    of_product := NULL, from_day := NULL, to_day := NULL, at_touchpoint := 'any', split := NULL, bucket := 'day', zone := 'UTC'
) AS TABLE
SELECT
    product,
    part,
    starts_at,
    starts_at AT TIME ZONE zone AS local_start,
    CASE bucket
        WHEN 'all' THEN NULL
        WHEN 'hour' THEN 1
        ELSE date_diff(
            'hour', starts_at, (starts_at AT TIME ZONE zone + (CASE bucket WHEN 'all' THEN '1 day' ELSE '1 ' || bucket END)::INTERVAL) AT TIME ZONE zone
        )
    END AS hours,
    sum(events)::BIGINT AS events,
    sum(mentions)::BIGINT AS mentions,
    count(*) AS authors,
    count(*) FILTER (friction) AS friction_authors,
    friction_authors / authors AS friction_rate,
    wilson_low(friction_authors, authors) AS rate_low,
    wilson_high(friction_authors, authors) AS rate_high,
    count(*) FILTER (delight) / authors AS delight_rate,
    sum(sentiment_sum) / sum(mentions) AS mean_sentiment,
    sum(effort_sum) / nullif(sum(effort_mentions), 0) AS mean_effort,
    sum(rating_sum) / nullif(sum(rated_events), 0) AS mean_rating
FROM (
    -- One row per person first: counting rows is cheaper than counting distinct people.
    SELECT
        product,
        CASE
            WHEN split IS NULL THEN NULL
            WHEN split = 'touchpoint' THEN touchpoint
            WHEN split = 'source' THEN source
            WHEN split = 'channel' THEN channel
            WHEN split = 'version' THEN version
            WHEN split = 'language' THEN language
            WHEN split = 'survey_kind' THEN survey_kind
            WHEN starts_with(split, 'segment:') THEN segment[substring(split, 9)]
            ELSE error(
                'split ' || split || ': is none; it is touchpoint, source, channel, version, language, survey_kind or '
                || 'segment:NAME'
            )
        END AS part,
        CASE bucket
            WHEN 'all' THEN NULL
            -- From the instant itself, so that the hour that comes twice stays two.
            WHEN 'hour' THEN occurred_at
                - (local_time - date_trunc('hour', local_time))
            ELSE date_trunc(CASE bucket WHEN 'all' THEN 'day' ELSE bucket END, local_time) AT TIME ZONE zone
        END AS starts_at,
        person,
        count(*) AS events,
        sum(mentions) AS mentions,
        bool_or(friction) AS friction,
        bool_or(delight) AS delight,
        sum(sentiment_sum) AS sentiment_sum,
        sum(effort_sum) AS effort_sum,
        sum(effort_mentions) AS effort_mentions,
        sum(rating) AS rating_sum,
        count(rating) AS rated_events
    FROM (SELECT *, occurred_at AT TIME ZONE zone AS local_time FROM event_touchpoints)
    WHERE (of_product IS NULL OR product = of_product)
        AND CASE WHEN split = 'touchpoint' THEN touchpoint <> 'any' ELSE touchpoint = at_touchpoint END
        AND (from_day IS NULL OR day >= from_day::DATE - 1)
        AND (to_day IS NULL OR day <= to_day::DATE + 1)
        AND (from_day IS NULL OR local_time >= from_day::DATE)
        AND (to_day IS NULL OR local_time < to_day::DATE + 1)
        AND day IS NOT NULL
    GROUP BY ALL
)
GROUP BY product, part, starts_at;
