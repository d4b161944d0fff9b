//! The tables and views of the file.

/// The version of the tables.
pub(crate) const VERSION: i64 = 5;

/// The version from which on rows have checksums, and the file has views.
pub(crate) const FIRST_WITH_CHECKSUMS: i64 = 3;

// One sequence numbers both kinds of occurrence in the order of their commits. Rows are only ever appended, the raw
// bytes behind all that a record needs, so that reading one does not walk through them. The key of a raw object is not
// kept: it follows from the rest of the row. `checksum` covers the row without the raw bytes, see `checksum.rs`.
/// The records and raw objects: what is true, and all that a backup needs.
pub(super) const RECORDS: &str = "
CREATE TABLE stream (
    stream INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    UNIQUE (source, event_type)
) STRICT;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    payload_hash BLOB NOT NULL,
    entity_id TEXT NOT NULL,
    receipt TEXT NOT NULL,
    contract INTEGER NOT NULL,
    raw BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE TABLE duplicate (
    seq INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'raw objects and their records are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'raw objects and their records are never deleted'); END;
CREATE TRIGGER duplicate_is_never_updated BEFORE UPDATE ON duplicate
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER duplicate_is_never_deleted BEFORE DELETE ON duplicate
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
";

/// Up to which `seq` each index is complete, and the counts by hour.
pub(super) const COUNTS: &str = "
CREATE TABLE indexed (
    name TEXT PRIMARY KEY,
    complete_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly (
    hour INTEGER PRIMARY KEY,
    counted_to INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    max_lag_ms INTEGER,
    lags BLOB NOT NULL
) STRICT;
CREATE INDEX hourly_counted_to ON hourly (counted_to);
";

/// The counts by stream.
pub(super) const STREAM_COUNTS: &str = "
CREATE TABLE stream_count (
    stream INTEGER PRIMARY KEY,
    counted_to INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    last_event_seconds INTEGER NOT NULL,
    last_event_nanoseconds INTEGER NOT NULL
) STRICT;
CREATE INDEX stream_count_counted_to ON stream_count (counted_to);
";

// `index_run`: the sorted runs. `merged_to` is the greatest key of a run that is not complete, `input_of` the run that a run is
// being merged into. A key that has been merged is in the other run already, whether or not it is still here.
//
// `index_fence`: where each block of a run begins. `kind` is 0 for blocks of keys and 1 for pages of Bloom filters.
//
// `index_block`: the blocks and pages, each as long as fits into a page of the file.
/// The index: see `index/tree`.
pub(crate) const INDEX: &str = "
CREATE TABLE index_run (
    run INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    keys INTEGER NOT NULL,
    merged_to BLOB,
    input_of INTEGER
) STRICT;

CREATE TABLE index_fence (
    run INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    first BLOB NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (run, kind, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_block (
    block INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
";

/// The version from which on every occurrence has a key by event time.
pub(crate) const FIRST_WITH_TIMES: i64 = 5;

/// Removes the index and all that is in it.
pub(crate) const DROP_INDEX: &str = "
DROP TABLE IF EXISTS index_block;
DROP TABLE IF EXISTS index_fence;
DROP TABLE IF EXISTS index_run;
";

// `run`: the mark of the last run, see `run.rs`.
//
// `settled`: the time up to which arrivals may have been told to be settled.
//
// `rejection`, `rejected_hourly`, `rejected_stream`: what was refused. Rows are merged and removed, and nothing that is true
// of an event is in them.
/// Made where they are missing, in files of every version: no older program is disturbed by them.
pub(super) const BESIDE: &str = "
CREATE TABLE IF NOT EXISTS run (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    mark TEXT NOT NULL,
    probes INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS settled (until_ms INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS rejection (
    key BLOB NOT NULL UNIQUE,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    size INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    place INTEGER,
    errors TEXT NOT NULL,
    length INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    source TEXT,
    event_type TEXT,
    entity_id TEXT,
    event_time TEXT,
    token TEXT,
    user_agent TEXT,
    body BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS rejection_by_first ON rejection (first_ms, key);
CREATE INDEX IF NOT EXISTS rejection_by_last ON rejection (last_ms, key);

CREATE TABLE IF NOT EXISTS rejected_hourly (
    hour INTEGER NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    unrecorded INTEGER NOT NULL,
    PRIMARY KEY (hour, source, event_type, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS rejected_stream (
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (source, event_type)
) STRICT, WITHOUT ROWID;
";

/// Adds what records of older versions lack. Rows that are there have no checksum.
pub(super) const ADD_CHECKSUMS: &str = "
ALTER TABLE event ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE duplicate ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
";

/// For people with SQL: stable, whatever becomes of the tables. docs/sql.md describes them.
pub(super) const VIEWS: &str = "
CREATE VIEW events AS
SELECT
    lower(hex(event_id)) AS event_id,
    source,
    event_type,
    entity_id,
    strftime('%Y-%m-%dT%H:%M:%S', event_seconds, 'unixepoch')
        || printf('.%03dZ', event_nanoseconds / 1000000) AS event_time,
    strftime('%Y-%m-%dT%H:%M:%S', ingest_ms / 1000 - (ingest_ms % 1000 < 0), 'unixepoch')
        || printf('.%03dZ', (ingest_ms % 1000 + 1000) % 1000) AS ingest_time,
    ingest_ms - event_seconds * 1000 - (event_nanoseconds + 999999) / 1000000 AS ingest_lag_ms,
    lower(hex(payload_hash)) AS payload_hash,
    length(raw) AS raw_size,
    receipt,
    CAST(raw AS TEXT) AS raw
FROM event JOIN stream USING (stream);

CREATE VIEW duplicates AS
SELECT
    lower(hex(event_id)) AS event_id,
    source,
    event_type,
    entity_id,
    strftime('%Y-%m-%dT%H:%M:%S', event_seconds, 'unixepoch')
        || printf('.%03dZ', event_nanoseconds / 1000000) AS event_time,
    strftime('%Y-%m-%dT%H:%M:%S', d.ingest_ms / 1000 - (d.ingest_ms % 1000 < 0), 'unixepoch')
        || printf('.%03dZ', (d.ingest_ms % 1000 + 1000) % 1000) AS ingest_time,
    d.ingest_ms - event_seconds * 1000 - (event_nanoseconds + 999999) / 1000000 AS ingest_lag_ms,
    d.receipt
FROM duplicate d JOIN event e ON e.seq = d.first JOIN stream USING (stream);
";
