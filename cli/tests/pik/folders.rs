//! Folders that do harm: links, FIFOs, devices, and what killed runs left.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::events::event;
use crate::server::{PATIENCE, Server, pik};

/// A folder with an export of some events, and the paths of its objects.
fn exported(count: u64) -> (TempDir, TempDir, Vec<PathBuf>) {
    let server = Server::start();
    for number in 0..count {
        assert_eq!(server.connect().ingest(&event(number)).status, 200);
    }
    let (_, _, data) = server.stop();
    let folder = tempfile::tempdir().unwrap();
    let output = export(data.path(), folder.path());
    assert!(output.status.success(), "{output:?}");
    let mut objects = Vec::new();
    find(folder.path(), &mut objects);
    assert_eq!(objects.len() as u64, count);
    (data, folder, objects)
}

fn find(folder: &Path, objects: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            find(&path, objects);
        } else {
            objects.push(path);
        }
    }
    objects.sort();
}

/// Ends, or is killed: a command that hangs fails its test.
fn bounded(command: &mut Command) -> Output {
    let out = tempfile::tempfile().unwrap();
    let err = tempfile::tempfile().unwrap();
    let mut child = command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap()).spawn().unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |mut file: fs::File| {
        use std::io::{Read, Seek};
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    };
    Output { status, stdout: text(out), stderr: text(err) }
}

fn export(data: &Path, folder: &Path) -> Output {
    bounded(pik(["export", "--data"]).arg(data).arg("--to").arg(folder))
}

fn import(folder: &Path) -> Output {
    let store = tempfile::tempdir().unwrap();
    bounded(pik(["import", "--data"]).arg(store.path().join("store")).arg(folder))
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let (data, folder, objects) = exported(5);
    for object in &objects[..3] {
        fs::remove_file(object).unwrap();
    }
    fifo(&objects[0]);
    symlink("/dev/zero", &objects[1]).unwrap();
    // To an object that is right: it is a link all the same.
    symlink(&objects[3], &objects[2]).unwrap();
    let partition = objects[0].parent().unwrap();
    symlink(partition, partition.join("loop")).unwrap();
    symlink("itself", partition.join("itself")).unwrap();

    let imported = import(folder.path());
    assert_eq!(out(&imported), "new 2, there before 0, refused 0, unusable 5\n", "{}", told(&imported));
    assert!(told(&imported).contains("is a link; links are not followed"), "{}", told(&imported));
    assert!(told(&imported).contains("is no regular file"), "{}", told(&imported));

    let again = export(data.path(), folder.path());
    assert_eq!(out(&again), "new 0, there before 2, refused 3, unusable 0\n", "{}", told(&again));
}

#[test]
fn an_export_stays_in_its_folder() {
    let (data, _, _) = exported(3);
    let elsewhere = tempfile::tempdir().unwrap();
    for place in ["raw", "raw/source=test", "raw/source=test/event_type=tick"] {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join(place);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(elsewhere.path(), &link).unwrap();
        let output = export(data.path(), folder.path());
        assert_eq!(output.status.code(), Some(1), "{place}");
        assert!(told(&output).contains("links are not followed"), "{}", told(&output));
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "{place}");
    }
    let (folder, file) = (tempfile::tempdir().unwrap(), elsewhere.path().join("raw"));
    symlink(elsewhere.path(), folder.path().join("raw")).unwrap();
    let output = import(folder.path());
    assert!(told(&output).contains("has no folder `raw`"), "{}", told(&output));
    assert!(!file.exists());
}

#[test]
fn a_file_that_is_larger_than_any_event_is_not_read() {
    let (data, folder, objects) = exported(2);
    // Holes: a terabyte that takes no space, and would take all memory.
    let file = fs::OpenOptions::new().write(true).open(&objects[0]).unwrap();
    file.set_len(1 << 40).unwrap();
    let imported = import(folder.path());
    assert_eq!(out(&imported), "new 1, there before 0, refused 0, unusable 1\n", "{}", told(&imported));
    assert!(told(&imported).contains("which no event is"), "{}", told(&imported));
    let again = export(data.path(), folder.path());
    assert_eq!(out(&again), "new 0, there before 1, refused 1, unusable 0\n", "{}", told(&again));
}

#[test]
fn leftovers_of_killed_runs_are_ours_to_clean() {
    let (data, folder, objects) = exported(3);
    let id = "1".repeat(64);
    let partition = objects[0].parent().unwrap();
    let leftover = partition.join(format!(".{id}.4711.part"));
    fs::write(&leftover, b"{\"half\":").unwrap();
    // Of a run that is under way.
    let live = partition.join(format!(".{id}.4712.part"));
    fs::write(&live, b"{\"half\":").unwrap();
    let held = fs::File::open(&live).unwrap();
    held.lock().unwrap();
    let foreign = partition.join("notes.part");
    fs::write(&foreign, b"mine").unwrap();

    let imported = import(folder.path());
    assert_eq!(out(&imported), "new 3, there before 0, refused 0, unusable 1\n", "{}", told(&imported));
    assert!(told(&imported).contains("notes.part"), "{}", told(&imported));
    fs::remove_file(&objects[0]).unwrap();
    let again = export(data.path(), folder.path());
    assert_eq!(out(&again), "new 1, there before 2, refused 0, unusable 0\n", "{}", told(&again));
    assert!(!leftover.exists() && live.exists() && foreign.exists());
}
