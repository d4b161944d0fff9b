-- Evidence of what was refused. No event depends on it: rows are merged and removed, and those of `event` and `duplicate` are not.

CREATE TABLE rejection (
    key TEXT PRIMARY KEY NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    size INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    place INTEGER,
    errors TEXT NOT NULL,
    length INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    source TEXT,
    event_type TEXT,
    entity_id TEXT,
    event_time TEXT,
    token TEXT,
    user_agent TEXT,
    body TEXT,
    body_hex TEXT
) STRICT;
CREATE INDEX rejection_by_first ON rejection (first_ms, key);
CREATE INDEX rejection_by_last ON rejection (last_ms, key);

-- How many there are and how much they take, so that nothing is counted to find out.
CREATE TABLE rejection_total (records INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO rejection_total VALUES (0, 0);
CREATE TRIGGER rejection_begins AFTER INSERT ON rejection
BEGIN
    UPDATE rejection_total SET records = records + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER rejection_grows AFTER UPDATE OF size ON rejection WHEN new.size <> old.size
BEGIN
    UPDATE rejection_total SET bytes = bytes + new.size - old.size;
END;
CREATE TRIGGER rejection_goes AFTER DELETE ON rejection
BEGIN
    UPDATE rejection_total SET records = records - 1, bytes = bytes - old.size;
END;

CREATE TABLE rejected_hourly (
    hour INTEGER NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    unrecorded INTEGER NOT NULL,
    PRIMARY KEY (hour, source, event_type, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected_stream (
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (source, event_type)
) STRICT, WITHOUT ROWID;
