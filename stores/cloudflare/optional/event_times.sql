-- Answers ranges of event times, of all, of a source or of a type. One more row written for each accepted event, and for each
-- that is there when it is made. `DROP INDEX by_event_time` takes it away again.
CREATE UNIQUE INDEX IF NOT EXISTS by_event_time ON event (event_seconds, event_nanoseconds, event_id) WHERE status = 'ACCEPTED';
