-- Whole people, all their events, until there are enough: by a hash of the author, so always the same and no one for
-- what they wrote.
CREATE OR REPLACE TABLE compared.chosen AS
SELECT event_id, author, day
FROM compared.comparable
SEMI JOIN (
    SELECT author
    FROM compared.comparable
    GROUP BY author
    QUALIFY sum(count(*)) OVER (ORDER BY md5(author), author) - count(*) < $enough
) USING (author);
