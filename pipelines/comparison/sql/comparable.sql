-- Customers' events of the days asked for, with the author to count. Impossible dates have no day: they are compared only
-- where no days are asked for.
CREATE OR REPLACE TABLE compared.comparable AS
SELECT event_id, author, day
FROM events
WHERE author_kind = 'customer'
    AND ($since::DATE IS NULL OR day >= $since::DATE)
    AND ($until::DATE IS NULL OR day <= $until::DATE);
