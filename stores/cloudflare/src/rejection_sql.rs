//! The statements about evidence of refused events.

/// Begins a record, or merges into it. ?19 is how much a body takes that was not kept before.
pub(crate) const KEEP: &str = "
    INSERT INTO rejection (key, first_ms, last_ms, count, size, request_id, place, errors, length, sha256, source,
        event_type, entity_id, event_time, token, user_agent, body, body_hex)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    ON CONFLICT (key) DO UPDATE SET
        count = count + excluded.count,
        last_ms = max(last_ms, excluded.last_ms),
        size = size + iif(body IS NULL AND body_hex IS NULL, ?19, 0),
        body = iif(body IS NULL AND body_hex IS NULL, excluded.body, body),
        body_hex = iif(body IS NULL AND body_hex IS NULL, excluded.body_hex, body_hex)";

/// Adds to a count. A stream beyond the first ?7 of its hour is counted without its names.
pub(crate) const COUNT: &str = "
    INSERT INTO rejected_hourly
    SELECT ?1, iif(apart, ?2, ''), iif(apart, ?3, ''), ?4, ?5, ?6 FROM (
        SELECT EXISTS (SELECT 1 FROM rejected_hourly WHERE hour = ?1 AND source = ?2 AND event_type = ?3)
            OR (SELECT count(*) FROM (SELECT DISTINCT source, event_type FROM rejected_hourly WHERE hour = ?1)) < ?7
            AS apart
    ) WHERE true
    ON CONFLICT (hour, source, event_type, code) DO UPDATE SET
        count = count + excluded.count,
        unrecorded = unrecorded + excluded.unrecorded";

/// Adds to what was refused of a stream, of which at most ?5 are listed.
pub(crate) const COUNT_STREAM: &str = "
    INSERT INTO rejected_stream
    SELECT ?1, ?2, ?3, ?4, ?4
    WHERE EXISTS (SELECT 1 FROM rejected_stream WHERE source = ?1 AND event_type = ?2)
        OR (SELECT count(*) FROM rejected_stream) < ?5
    ON CONFLICT (source, event_type) DO UPDATE SET
        count = count + excluded.count,
        last_ms = max(last_ms, excluded.last_ms)";

/// How many records there are, how much they take, and when the longest unseen one was seen.
pub(crate) const TOTAL: &str = "
    SELECT records, bytes, (SELECT min(last_ms) FROM rejection) AS oldest_ms FROM rejection_total";

/// The longest unseen records.
pub(crate) const LONGEST_UNSEEN: &str =
    "SELECT last_ms, size FROM rejection INDEXED BY rejection_by_last ORDER BY last_ms, key LIMIT ?1";

/// Removes as many of them.
pub(crate) const REMOVE: &str = "
    DELETE FROM rejection WHERE key IN
        (SELECT key FROM rejection INDEXED BY rejection_by_last ORDER BY last_ms, key LIMIT ?1)";

/// The records behind a place, newest first.
pub(crate) const PAGE: &str = "
    SELECT first_ms, last_ms, count, request_id, place, errors, length, sha256, source, event_type, entity_id, event_time,
        token, user_agent, body, body_hex
    FROM rejection INDEXED BY rejection_by_first
    WHERE (first_ms, key) < (?1, ?2) AND first_ms < ?3 AND last_ms >= ?4 AND (?5 IS NULL OR source = ?5)
        AND (?6 IS NULL OR instr(errors, ?6) > 0)
    ORDER BY first_ms DESC, key DESC LIMIT ?7";

/// Counts by hour and code.
pub(crate) const HOURS: &str = "
    SELECT hour, code, sum(count) AS count, sum(unrecorded) AS unrecorded FROM rejected_hourly
    WHERE hour BETWEEN ?1 AND ?2 AND (?3 IS NULL OR source = ?3) AND (?4 IS NULL OR event_type = ?4)
    GROUP BY hour, code";

/// Streams behind one.
pub(crate) const STREAMS: &str = "
    SELECT source, event_type, count, first_ms, last_ms FROM rejected_stream
    WHERE (source, event_type) > (?1, ?2) ORDER BY source, event_type LIMIT ?3";
