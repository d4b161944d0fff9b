//! Files of older versions.
//!
//! Versions 1 and 2 have the same records and other indexes, version 3 has no counts by stream, version 4 no keys by event time. What is new is built beside
//! what there is, which stays as it is until the new is complete: until then the file is one of the old version, and a program
//! that knows only that one can go on with it. Whatever it adds is found by its `seq` at the next attempt.

use rusqlite::Connection;

use crate::db::tables::{self, FIRST_WITH_CHECKSUMS, FIRST_WITH_TIMES, VERSION};

/// The index tables of versions 1 and 2. Their names in `indexed` are those of the first five.
const OLD: [&str; 8] =
    ["by_id", "by_first", "by_entity", "by_lag", "by_ingest", "by_id_recent", "by_entity_recent", "by_lag_recent"];

/// Adds the tables that a file of an older version lacks, unless an earlier attempt has.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    for (name, tables) in [("index_run", tables::INDEX), ("stream_count", tables::STREAM_COUNTS)] {
        let is_there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        if !connection.prepare(is_there)?.exists([name])? {
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {tables} COMMIT;"))?;
        }
    }
    Ok(())
}

/// The name under which `indexed` says how far the keys by event time are made, while they are.
const TIMES: &str = "times";

/// Up to which occurrence there are keys by event time, as far as there are keys at all.
pub(crate) fn timed_to(connection: &Connection) -> rusqlite::Result<i64> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= FIRST_WITH_TIMES {
        return Ok(i64::MAX);
    }
    connection.query_row("SELECT ifnull(max(complete_to), 0) FROM indexed WHERE name = ?1", [TIMES], |row| row.get(0))
}

/// The keys by event time up to this occurrence are in the file.
pub(crate) fn note_times(connection: &Connection, timed_to: i64) -> rusqlite::Result<()> {
    let note = "INSERT OR REPLACE INTO indexed (name, complete_to) VALUES (?1, ?2)";
    connection.execute(note, rusqlite::params![TIMES, timed_to]).map(drop)
}

/// The new index is complete and durable: makes the file one of this version, and then removes the old indexes, each in a
/// transaction of its own. An attempt that ends early is finished at the next start.
pub(crate) fn finish(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < VERSION {
        let names = OLD.map(|name| format!("'{name}'")).join(", ");
        let (checksums, views) =
            if version < FIRST_WITH_CHECKSUMS { (tables::ADD_CHECKSUMS, tables::VIEWS) } else { ("", "") };
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             {checksums}{views}
             DELETE FROM indexed WHERE name IN ({names}, '{TIMES}');
             PRAGMA user_version = {VERSION};
             COMMIT;"
        ))?;
    }
    for table in OLD {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    Ok(())
}

/// Removes everything that was made from the records, so that it is made again.
pub(crate) fn drop_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         {}{}
         DELETE FROM hourly;
         DELETE FROM stream_count;
         DELETE FROM indexed WHERE name IN ('keys', 'hourly', 'stream_count');
         COMMIT;",
        tables::DROP_INDEX,
        tables::INDEX
    ))
}
