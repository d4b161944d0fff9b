//! `pik backup` and `pik restore`: copies of a database in use, and of one whose log is missing.

use std::fs;

use pik_test_support::Signal;

use crate::events::event;
use crate::server::{Server, pik};
use crate::store::contents;

#[test]
fn a_backup_of_a_running_server_holds_what_was_answered() {
    let server = Server::start();
    let mut connection = server.connect();
    for number in 0..300 {
        assert_eq!(connection.ingest(&event(number)).status, 200);
    }
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup.sqlite");
    let make = || pik(["backup", "--data", server.data()]).arg(&backup).output().unwrap();
    let made = make();
    let told = String::from_utf8_lossy(&made.stdout);
    assert!(made.status.success(), "{told}{}", String::from_utf8_lossy(&made.stderr));
    assert!(told.contains("300 records, 300 raw objects, verified; the newest arrived 20"), "{told}");
    // Nothing but the backup is left, and it is not overwritten.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    let before = fs::read(&backup).unwrap();
    assert!(!make().status.success());
    assert_eq!(fs::read(&backup).unwrap(), before);
    // The server goes on.
    assert_eq!(connection.ingest(&event(300)).status, 200);

    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("new/data");
    let restore = || pik(["restore", "--data"]).arg(&folder).arg(&backup).output().unwrap();
    let restored = restore();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert!(!restore().status.success(), "a database that is there is not overwritten");
    let found = contents(&folder);
    assert_eq!((found.records.len(), found.raw.len()), (300, 300));
}

#[test]
fn a_copy_without_its_log_is_recognised_and_can_be_taken() {
    let server = Server::start();
    let mut connection = server.connect();
    assert_eq!(connection.ingest(&event(1)).status, 200);
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("pik.sqlite");
    fs::copy(std::path::Path::new(server.data()).join("pik.sqlite"), &copy).unwrap();
    for arguments in [["serve", "--listen=127.0.0.1:0"], ["verify", "--json"]] {
        let output = pik(arguments).arg("--data").arg(place.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("its log (-wal) is missing"), "{told}");
    }
    let folder = place.path().join("restored");
    let restore = |flags: &[&str]| pik(["restore", "--data"]).arg(&folder).arg(&copy).args(flags).output().unwrap();
    assert!(!restore(&[]).status.success());
    let restored = restore(&["--without-log"]);
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert_eq!(contents(&folder).records.len(), 0);
}

#[test]
fn a_backup_after_a_crash_holds_what_is_in_the_log() {
    let server = Server::start();
    let mut connection = server.connect();
    for number in 0..20 {
        assert_eq!(connection.ingest(&event(number)).status, 200);
    }
    server.signal(Signal::KILL);
    let (_, _, data) = server.end();
    let backup = data.path().join("backup.sqlite");
    let made = pik(["backup", "--data"]).arg(data.path()).arg(&backup).output().unwrap();
    assert!(String::from_utf8_lossy(&made.stdout).contains("20 records"), "{made:?}");
    // The log is as the crash left it.
    assert!(fs::metadata(data.path().join("pik.sqlite-wal")).unwrap().len() > 0);
    assert_eq!(contents(data.path()).records.len(), 20);
}
