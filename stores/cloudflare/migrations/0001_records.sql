-- Records. The contract's `event_id` and `payload_hash` are kept as bytes: `lower(hex(event_id))` shows them.
--
-- An event's key in the bucket is not kept: it follows from the row. Nor is the lag of a duplicate.

CREATE TABLE event (
    event_id BLOB PRIMARY KEY NOT NULL CHECK (length(event_id) = 32),
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    event_day INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    ingest_lag_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'ACCEPTED')),
    raw_bucket TEXT NOT NULL,
    raw_size INTEGER NOT NULL,
    payload_hash BLOB NOT NULL CHECK (length(payload_hash) = 32),
    receipt TEXT NOT NULL,
    contract INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE duplicate (
    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
    ingest_ms INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    PRIMARY KEY (event_id, ingest_ms, receipt)
) STRICT, WITHOUT ROWID;

-- A claim that is not finished is in none of these, so it costs one row.

-- Unique, as anything with an event's id is: only when told so does SQLite walk an entity's duplicates without sorting.
CREATE UNIQUE INDEX by_entity ON event (entity_id, event_seconds, event_nanoseconds, event_id) WHERE status = 'ACCEPTED';

CREATE INDEX by_lag ON event (source, event_type, event_day, ingest_lag_ms, event_id) WHERE status = 'ACCEPTED';

CREATE INDEX by_ingest ON event (ingest_ms, event_id) WHERE status = 'ACCEPTED';

CREATE INDEX duplicate_by_ingest ON duplicate (ingest_ms, event_id, receipt);

CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'records are never deleted');
END;

CREATE TRIGGER event_is_committed_once BEFORE UPDATE ON event
WHEN old.status <> 'PENDING' OR new.status <> 'ACCEPTED'
    OR (old.event_id, old.source, old.event_type, old.entity_id, old.event_day, old.event_seconds,
        old.event_nanoseconds, old.ingest_ms, old.ingest_lag_ms, old.raw_bucket, old.payload_hash, old.contract)
    <> (new.event_id, new.source, new.event_type, new.entity_id, new.event_day, new.event_seconds,
        new.event_nanoseconds, new.ingest_ms, new.ingest_lag_ms, new.raw_bucket, new.payload_hash, new.contract)
BEGIN
    SELECT RAISE(ABORT, 'a record changes once, from PENDING to ACCEPTED');
END;

CREATE TRIGGER duplicate_is_never_deleted BEFORE DELETE ON duplicate
BEGIN
    SELECT RAISE(ABORT, 'records are never deleted');
END;

CREATE TRIGGER duplicate_is_never_updated BEFORE UPDATE ON duplicate
BEGIN
    SELECT RAISE(ABORT, 'the record of a duplicate never changes');
END;
