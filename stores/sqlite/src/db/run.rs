//! The mark of a run: whether the database was closed in good order, and by which run.
//!
//! A database whose log is missing looks sound: SQLite opens it as it was at the last checkpoint, and what was answered
//! since then is gone. So each run marks the database as open before it answers anything, and as closed at its end. A
//! database that is marked open needs its log. The mark also names the run before it, and the lock file names the run
//! that wrote the log beside it: so the log of another database is recognised.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};

use crate::db::files::Names;

/// Before the first run of a database.
const NONE: &str = "00000000000000000000000000000000";

/// A run of a program on a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Sixteen random bytes in hexadecimal.
    pub(crate) id: String,
    /// The run before.
    pub(crate) before: String,
    /// Whether it goes on, or ended without closing the database.
    pub(crate) is_open: bool,
}

impl Run {
    /// The run that the database file names by itself, without its log. None when it names none, or when that part of
    /// the file cannot be read: while there is a log, a crash may have left the file half-written.
    pub(crate) fn in_file(names: &Names) -> Option<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // `immutable` reads the file as it is and leaves no trace beside it.
        let connection = Connection::open_with_flags(uri(&names.database, "immutable=1"), flags).ok()?;
        Self::read(&connection).ok().flatten()
    }

    /// The run that the database names, with its log.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let is_there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'run'";
        if connection.query_row(is_there, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(None);
        }
        let mark: Option<String> =
            connection.query_row("SELECT mark FROM run WHERE only = 1", [], |row| row.get(0)).optional()?;
        Ok(mark.and_then(|mark| Self::parse(&mark)))
    }

    /// A new run, which the database does not name yet.
    pub(crate) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let before = Self::read(connection)?.map_or_else(|| NONE.to_owned(), |run| run.id);
        let id = connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?;
        Ok(Self { id, before, is_open: true })
    }

    /// Marks the database as open.
    pub(crate) fn begin(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.write(connection)
    }

    /// Marks the database as closed. Without the mark the log stays, for the next start would ask for it.
    pub(crate) fn end(self, connection: &Connection) {
        if (Self { is_open: false, ..self }).write(connection).is_err() {
            // The only thing left to do; a failure leaves the log to SQLite.
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let written = connection.execute("INSERT OR REPLACE INTO run VALUES (1, ?1, 0)", [self.mark()]);
        written.map(drop)
    }

    /// The mark as text.
    pub(crate) fn mark(&self) -> String {
        let state = if self.is_open { "open" } else { "closed" };
        let text = format!("{} {} {state}", self.id, self.before);
        format!("{text} {}", checksum(&text))
    }

    /// The run of a mark; none if the mark is damaged.
    pub(crate) fn parse(mark: &str) -> Option<Self> {
        let (text, sum) = mark.rsplit_once(' ')?;
        let mut parts = text.split(' ');
        let (id, before, state) = (parts.next()?, parts.next()?, parts.next()?);
        let run = Self { id: id.to_owned(), before: before.to_owned(), is_open: state == "open" };
        (sum == checksum(text)).then_some(run)
    }

    /// Whether this run can have written the log of a database that names `file`.
    pub(crate) fn continues(&self, file: &Self) -> bool {
        self.id == file.id || self.before == file.id
    }
}

// A page of which a power cut wrote only a part has no valid mark.
fn checksum(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Commits something that nothing depends on, to see whether commits succeed again.
pub(crate) fn probe(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE run SET probes = probes + 1", []).map(drop)
}

/// The address of a file for SQLite, with parameters.
pub(crate) fn uri(path: &std::path::Path, parameters: &str) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?" + parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_not_when_it_is_damaged() {
        for (before, is_open) in [(NONE, true), ("0b", false)] {
            let run = Run { id: "0a".to_owned(), before: before.to_owned(), is_open };
            let mark = run.mark();
            assert_eq!(Run::parse(&mark), Some(run));
            for place in 0..mark.len() {
                let mut damaged = mark.clone().into_bytes();
                damaged[place] ^= 1;
                assert_eq!(Run::parse(&String::from_utf8(damaged).unwrap()), None, "{place}");
            }
        }
    }
}
