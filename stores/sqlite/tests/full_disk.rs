//! Starts on a small disk that is nearly full: they succeed or say that the disk is full, and never die.
//!
//! This needs a file system with blocks of 1 KiB, so it needs root and a loop device. Where these are missing it says so and
//! checks nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test all through, outside its test functions too")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_executor::block_on;
use pik_core::{Event, IngestTime, Obstacle, Receipt, Store, StoreError, Submission};
use pik_sqlite::{OpenError, Options, SqliteStore};
use tempfile::TempDir;

/// A small disk, taken away at the end.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(bytes: u64) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let (image, disk) = (folder.path().join("image"), folder.path().join("disk"));
        File::create(&image).unwrap().set_len(bytes).unwrap();
        fs::create_dir(&disk).unwrap();
        let runs = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let is_made =
            runs(Command::new("mkfs.ext4").args(["-q", "-b", "1024", "-O", "^has_journal", "-m", "0"]).arg(&image));
        let is_mounted = is_made && runs(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&disk));
        is_mounted.then_some(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Fills the disk until `free` bytes are left, in whole blocks.
    fn fill(&self, free: usize) {
        let path = self.path().join("ballast");
        let _ = fs::remove_file(&path);
        let mut ballast = File::create(&path).unwrap();
        while ballast.write_all(&[1; 1024]).is_ok() {}
        let length = ballast.metadata().unwrap().len().saturating_sub(free as u64);
        ballast.set_len(length).unwrap();
        ballast.sync_all().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_start_on_a_full_disk_says_so() {
    let Some(disk) = Disk::new(4 << 20) else {
        println!("not run: there is no loop device, or no right to mount one");
        return;
    };
    let (mut full, mut opened) = (0, 0);
    for kibibytes in (0..64).chain((64..900).step_by(48)) {
        let folder = disk.path().join("data");
        let _ = fs::remove_dir_all(&folder);
        disk.fill(kibibytes << 10);
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "starts", "--ignored", "--nocapture"])
            .env("PIK_TEST_DATABASE", folder.join("pik.sqlite"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "with {kibibytes} KiB free: {}: {told}", output.status);
        full += usize::from(told.contains("the disk is full"));
        opened += usize::from(told.contains("opened"));
        assert!(told.contains("the disk is full") || told.contains("opened"), "with {kibibytes} KiB free: {told}");
    }
    println!("{full} starts or ingests met the full disk, {opened} starts succeeded");
    assert!(full > 20 && opened > 0, "{full} {opened}");
}

#[test]
fn events_leave_the_room_that_they_must_and_are_taken_again_once_there_is_more() {
    let Some(disk) = Disk::new(64 << 20) else {
        println!("not run: there is no loop device, or no right to mount one");
        return;
    };
    // More than the log of so few events, which a shutdown moves into the database.
    const ROOM: u64 = 32 << 20;
    let options = Options { min_free_bytes: ROOM, ..Options::default() };
    let store = SqliteStore::open(disk.path().join("data/pik.sqlite"), options).unwrap();
    let free = || {
        let disk = rustix::fs::statvfs(disk.path()).unwrap();
        disk.f_bavail * disk.f_frsize
    };
    let mut stored = 0;
    let reason = loop {
        let batch = (stored..stored + 50).map(submission).collect();
        match block_on(store.ingest_batch(batch)).into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(answers) => stored += answers.len() as u64,
            Err(StoreError::Blocked(Obstacle::DiskFull, reason)) => break reason,
            Err(error) => panic!("{error}"),
        }
    };
    // A commit that began with enough may end with a little less.
    assert!(stored > 10 && free() > ROOM / 2 && reason.contains("fewer than the 33554432"), "{stored}: {reason}");
    assert!(matches!(block_on(store.ready()), Err(StoreError::Blocked(Obstacle::DiskFull, _))));
    let id = submission(0).event_id;
    assert!(block_on(store.find(&id)).unwrap().is_some(), "questions are answered");

    let started = std::time::Instant::now();
    disk.fill(ROOM as usize / 2);
    assert!(block_on(store.ingest(submission(stored))).is_err());
    fs::remove_file(disk.path().join("ballast")).unwrap();
    // The store itself takes too much; then somebody makes room, and nothing is sent: the store finds out by itself.
    assert!(block_on(store.ready()).is_err());
    drop(store);
    let store = SqliteStore::open(disk.path().join("data/pik.sqlite"), options).unwrap();
    let taken = disk.path().join("ballast");
    let free_now = free();
    assert!(free_now > ROOM, "a shutdown gives the log's room back: {free_now}");
    disk.fill(ROOM as usize / 2);
    assert!(block_on(store.ingest(submission(stored))).is_err());
    fs::remove_file(taken).unwrap();
    while block_on(store.ready()).is_err() {
        assert!(started.elapsed().as_secs() < 60, "the store is never ready again");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    block_on(store.ingest(submission(stored))).unwrap();
    drop(store);
    let store = SqliteStore::open(disk.path().join("data/pik.sqlite"), Options::default()).unwrap();
    for number in 0..stored {
        assert!(block_on(store.find(&submission(number).event_id)).unwrap().is_some(), "event {number} is lost");
    }
}

/// Not a test of its own.
#[test]
#[ignore = "run by a_start_on_a_full_disk_says_so"]
fn starts() {
    let path = PathBuf::from(std::env::var_os("PIK_TEST_DATABASE").unwrap());
    match SqliteStore::open(Path::new(&path), Options::default()) {
        Err(error @ (OpenError::Folder(..) | OpenError::Database(..))) => println!("{error}"),
        Err(error) => panic!("{error}"),
        Ok(store) => {
            println!("opened");
            for number in 0..400 {
                match block_on(store.ingest(submission(number))) {
                    Ok(_) => {}
                    Err(StoreError::Blocked(Obstacle::DiskFull, reason)) => {
                        println!("{reason}");
                        break;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

fn submission(number: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":{{"n":{number},"text":"{}"}}}}"#,
        "x".repeat(10_000)
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, IngestTime::from_unix_ms(1_767_000_000_000).unwrap(), Receipt::new("test", number, 0))
}
