-- Arrivals are listed under the time of the attempt that finished them, so that a window that was read once never gains a
-- record. `finished_ms` is null for nearly all: then that time is `ingest_ms`. Rows from before stay where they were.
--
-- Between this migration and the deployment of the Worker that goes with it, ingests go on; questions about arrivals fail.

ALTER TABLE event ADD COLUMN finished_ms INTEGER;
ALTER TABLE event ADD COLUMN listed_ms INTEGER GENERATED ALWAYS AS (coalesce(finished_ms, ingest_ms)) VIRTUAL;
ALTER TABLE duplicate ADD COLUMN finished_ms INTEGER;
ALTER TABLE duplicate ADD COLUMN listed_ms INTEGER GENERATED ALWAYS AS (coalesce(finished_ms, ingest_ms)) VIRTUAL;

DROP INDEX by_ingest;
CREATE INDEX by_listing ON event (listed_ms, event_id) WHERE status = 'ACCEPTED';

DROP INDEX duplicate_by_ingest;
CREATE INDEX duplicate_by_listing ON duplicate (listed_ms, event_id, receipt);
