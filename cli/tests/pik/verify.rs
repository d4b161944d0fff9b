//! `pik verify` on SQLite files that were changed behind the store's back.

use std::path::Path;

use rusqlite::Connection as Database;
use serde_json::Value;
use tempfile::TempDir;

use crate::events::event;
use crate::server::{Server, pik};

/// Three events, the second of which came twice more.
fn store() -> TempDir {
    let server = Server::start();
    let mut connection = server.connect();
    for number in [1, 2, 3, 2, 2] {
        assert_eq!(connection.ingest(&event(number)).status, 200);
    }
    server.stop().2
}

/// A copy of the store, changed by these statements.
fn changed(store: &Path, statements: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(store).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let database = Database::open(folder.path().join("pik.sqlite")).unwrap();
    // What protects rows from mistakes does not protect them from intent.
    let triggers: Vec<String> = ["event", "duplicate"].map(|table| format!("{table}_is_never_updated")).into();
    let made = |name| database.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0));
    let made: Vec<String> = triggers.iter().map(|name| made(name).unwrap()).collect();
    for name in &triggers {
        database.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    database.execute_batch(statements).unwrap();
    database.execute_batch(&made.join(";")).unwrap();
    folder
}

/// Makes the index claim keys that it does not have.
const LOST_KEYS: &str = "INSERT OR REPLACE INTO indexed VALUES ('keys', 2)";

/// The exit code, and the findings by their kinds in the order of the alphabet.
fn verify(folder: &Path) -> (i32, Vec<String>) {
    let output = pik(["verify", "--json", "--data"]).arg(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let finding = |line| serde_json::from_str::<Value>(line).unwrap()["finding"].as_str().unwrap().to_owned();
    let mut findings: Vec<String> = text.lines().map(finding).collect();
    findings.sort();
    (output.status.code().unwrap(), findings)
}

#[test]
fn a_sound_store_has_no_findings() {
    let store = store();
    assert_eq!(verify(store.path()), (0, Vec::new()));
    assert_eq!(verify(changed(store.path(), "").path()), (0, Vec::new()));
    let output = pik(["verify", "--repair", "--data"]).arg(store.path()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("5 records, 3 raw objects, 0 findings, 0 repaired"), "{told}");
    assert!(told.contains("the newest arrived 20"), "{told}");
}

#[test]
fn every_change_is_found() {
    let store = store();
    let cases: [(&str, &[&str]); 9] = [
        ("UPDATE event SET raw = CAST('{}' AS BLOB) WHERE seq = 1", &["wrong_object"]),
        ("UPDATE event SET raw = (SELECT raw FROM event WHERE seq = 3) WHERE seq = 1", &["wrong_object"]),
        ("UPDATE event SET entity_id = 'another' WHERE seq = 3", &["damaged", "wrong_record"]),
        ("UPDATE event SET event_nanoseconds = -1 WHERE seq = 2", &["unreadable_record"]),
        // Nothing but the checksum holds these.
        ("UPDATE event SET ingest_ms = ingest_ms + 1 WHERE seq = 1", &["damaged"]),
        ("UPDATE event SET receipt = 'another' WHERE seq = 1", &["damaged"]),
        ("UPDATE duplicate SET ingest_ms = ingest_ms + 1 WHERE seq = 4", &["damaged"]),
        ("UPDATE duplicate SET first = 99 WHERE seq = 4", &["damaged", "unreadable_record"]),
        // The index says that it has the first two events, and nothing leads to them.
        (LOST_KEYS, &["damaged"; 10]),
    ];
    for (statements, expected) in cases {
        let folder = changed(store.path(), statements);
        assert_eq!(verify(folder.path()), (1, expected.iter().map(ToString::to_string).collect()), "{statements}");
    }
}

#[test]
fn rebuilt_indexes_have_all_keys_again() {
    let store = store();
    let folder = changed(store.path(), LOST_KEYS);
    let output = pik(["verify", "--rebuild-indexes", "--data"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(verify(folder.path()), (0, Vec::new()));
}

#[test]
fn a_file_in_use_is_left_alone() {
    let server = Server::start();
    let output = pik(["verify", "--data", server.data()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_mistyped_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let mistyped = folder.path().join("dta");
    let output = pik(["verify", "--data"]).arg(&mistyped).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("there is no database"), "{told}");
    assert!(!told.contains("findings"), "no verdict on what was not read: {told}");
    assert!(!mistyped.exists());
}

/// Names, sizes, times of change and bytes of all that is in a folder.
#[cfg(unix)]
fn contents(folder: &Path) -> Vec<(std::ffi::OsString, std::time::SystemTime, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name(), modified, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// What a backup often is. An administrator may write there all the same, so the folder is compared, too.
#[cfg(unix)]
#[test]
fn a_read_only_copy_is_verified_and_nothing_is_written_beside_it() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let store = store();
    for (statements, code, findings) in [("", 0, 0), (LOST_KEYS, 1, 10)] {
        let copy = changed(store.path(), statements);
        // A copy is of the database alone, and lies somewhere else.
        let folder = copy.path().join("copy");
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(copy.path().join("pik.sqlite"), folder.join("pik.sqlite")).unwrap();
        set_permissions(folder.join("pik.sqlite"), Permissions::from_mode(0o444)).unwrap();
        set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
        let before = contents(&folder);
        assert_eq!(before.len(), 1);
        let (found_code, found) = verify(&folder);
        assert_eq!((found_code, found.len()), (code, findings), "{found:?}");
        assert!(before == contents(&folder), "the copy was changed");
        set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    }
}
