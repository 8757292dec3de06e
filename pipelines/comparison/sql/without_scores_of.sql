-- Leave out the events that a model has not scored.
DELETE FROM compared.comparable
WHERE event_id NOT IN (SELECT event_id FROM scores WHERE model_version = $version);
