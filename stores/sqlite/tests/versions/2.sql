-- The index tables of a file of version 2; those of version 1 are the ones before the names that end in _recent.
CREATE TABLE by_id (
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_first (
    first INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (first, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_entity (
    entity_prefix INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_lag (
    stream INTEGER NOT NULL,
    event_day INTEGER NOT NULL,
    minus_lag_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, event_day, minus_lag_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_ingest (
    kind INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, ingest_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_id_recent (
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_entity_recent (
    entity_prefix INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_lag_recent (
    stream INTEGER NOT NULL,
    event_day INTEGER NOT NULL,
    minus_lag_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, event_day, minus_lag_ms, seq)
) STRICT, WITHOUT ROWID;
