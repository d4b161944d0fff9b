//! Files of older versions.
//!
//! Versions 1 and 2 have the same records and other indexes. The new index is built beside the old ones, which stay as they
//! are until it is complete: until then the file is one of the old version, and a program that knows only that one can go on
//! with it. Whatever it adds is found by its `seq` at the next attempt.

use rusqlite::Connection;

use crate::db::tables::{self, VERSION};

/// The index tables of versions 1 and 2. Their names in `indexed` are those of the first five.
const OLD: [&str; 8] =
    ["by_id", "by_first", "by_entity", "by_lag", "by_ingest", "by_id_recent", "by_entity_recent", "by_lag_recent"];

/// Adds the tables of the new index to a file of an older version, unless an earlier attempt has.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let is_begun =
        connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'index_run'")?.exists([])?;
    if is_begun { Ok(()) } else { connection.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", tables::INDEX)) }
}

/// The new index is complete and durable: makes the file one of this version, and then removes the old indexes, each in a
/// transaction of its own. An attempt that ends early is finished at the next start.
pub(crate) fn finish(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < VERSION {
        let names = OLD.map(|name| format!("'{name}'")).join(", ");
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             {}{}
             DELETE FROM indexed WHERE name IN ({names});
             PRAGMA user_version = {VERSION};
             COMMIT;",
            tables::ADD_CHECKSUMS,
            tables::VIEWS
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
         DELETE FROM indexed WHERE name IN ('keys', 'hourly');
         COMMIT;",
        tables::DROP_INDEX,
        tables::INDEX
    ))
}
