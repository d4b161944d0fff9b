//! SQLite's own check, and whether views and triggers are as they were made.

use rusqlite::Connection;

use super::{Damaged, mark_is_sound};
use crate::db::schema;
use crate::db::tables::FIRST_WITH_CHECKSUMS;

/// SQLite tells at most as many problems.
const MOST: usize = 1_000;

/// What SQLite finds wrong with the file: pages, order of rows, types, SQLite's indexes.
pub(super) fn check_file(connection: &Connection, damaged: &mut Damaged<'_>) {
    let mut told = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            if text != "ok" {
                damaged("file", text);
            }
        }
        Ok(())
    };
    if let Err(error) = told() {
        damaged("file", error.to_string());
    }
}

/// Whether the views and triggers are those of this version: a changed view would answer wrongly, a changed trigger protect
/// nothing.
pub(super) fn check_definitions(connection: &Connection, version: i64, damaged: &mut Damaged<'_>) {
    if let Err(error) = compare(connection, version, damaged) {
        damaged("schema", error.to_string());
    }
}

fn compare(connection: &Connection, version: i64, damaged: &mut Damaged<'_>) -> rusqlite::Result<()> {
    let has_run = "SELECT count(*) FROM sqlite_schema WHERE name = 'run'";
    if connection.query_row(has_run, [], |row| row.get::<_, i64>(0))? > 0 && !mark_is_sound(connection)? {
        damaged("run", "the mark of the last run is not one that was written".to_owned());
    }
    if version >= FIRST_WITH_CHECKSUMS && definitions(connection)? != definitions(&schema::in_memory()?)? {
        damaged("schema", "views or triggers are not as this version makes them".to_owned());
    }
    if version < FIRST_WITH_CHECKSUMS && !definitions(connection)?.iter().all(|(kind, ..)| kind == "trigger") {
        damaged("schema", "the version is an old one, and the views are those of a newer one".to_owned());
    }
    Ok(())
}

fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let select = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY type, name";
    let mut statement = connection.prepare(select)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}
