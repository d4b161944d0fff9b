//! `pik export --format ndjson` and `pik verify --lake`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::said::run;
use crate::server::{PATIENCE, Server, pik};

/// More than a page of any answer.
const EVENTS: u64 = 2_600;

/// Over two types, three days and 24 hours; beyond what a double can hold, over lines, and in odd letters.
fn event(number: u64) -> String {
    format!(
        "{{\"source\":\"a/b ü\",\"event_type\":\"t{}\",\"entity_id\":\"user_{}\",\"event_time\":\"2026-01-0{}T{:02}:00:00.{:09}Z\",\
         \"payload\":{{\"z\":1.0,\"id\":{},\"text\":\"\\n\\u2028\"}} }}",
        number % 2,
        number % 7,
        1 + number % 3,
        number % 24,
        1 + number % 5,
        9_007_199_254_740_993 + number,
    )
}

/// Sends events in batches, some of them twice.
fn send(url: &str, numbers: std::ops::Range<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let lines = numbers.clone().chain(numbers.step_by(10)).map(event).collect::<Vec<_>>().join("\n");
    fs::write(&file, lines).unwrap();
    assert_eq!(run(&["send", "--url", url, "--batch-size", "50", file.to_str().unwrap()]).code, 0);
}

fn stored(numbers: std::ops::Range<u64>) -> TempDir {
    let server = Server::start();
    send(&server.url(), numbers);
    server.stop().2
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The files of a lake that a reader reads, with their bytes.
fn files(lake: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(lake: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(lake, &path, found);
            } else {
                found.insert(text(path.strip_prefix(lake).unwrap()).to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    if lake.join("raw").exists() {
        walk(lake, &lake.join("raw"), &mut found);
    }
    found
}

fn rows(files: &BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let lines = files.values().flat_map(|file| file.split(|byte| *byte == b'\n')).filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[test]
fn a_lake_has_each_event_once_and_gains_what_is_new() {
    let server = Server::start();
    send(&server.url(), 0..EVENTS);
    let data = server.stop().2;
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let to = text(&lake);
    let export = |more: &[&str]| {
        run(&[&["export", "--data", text(data.path()), "--to", to, "--format", "ndjson"], more].concat())
    };
    let first = export(&["--compression", "none"]);
    assert_eq!(first.out, format!("new {EVENTS}, there before 0, refused 0, unusable 0\n"), "{}", first.err);
    assert_eq!(first.code, 0);
    let before = files(&lake);
    // Each of 2 types × 3 days × 24 hours that go together has one file.
    assert_eq!(before.len(), 24, "{:?}", before.keys());
    let rows = rows(&before);
    let ids: BTreeSet<&str> = rows.iter().map(|row| row["event_id"].as_str().unwrap()).collect();
    assert_eq!((ids.len() as u64, rows.len() as u64), (EVENTS, EVENTS));
    for file in before.values() {
        let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let order: Vec<(String, String)> = lines
            .map(|line| {
                let row: Value = serde_json::from_slice(line).unwrap();
                let member = |name: &str| row[name].as_str().unwrap().to_owned();
                (member("entity_id"), member("event_time"))
            })
            .collect();
        assert!(order.is_sorted());
    }
    let line = before.values().find_map(|file| {
        let file = str::from_utf8(file).unwrap();
        file.lines().find(|line| line.contains("9007199254740993"))
    });
    let line = line.unwrap();
    let payload = r#"{"id":9007199254740993,"text":"\n"#.to_owned() + "\u{2028}\",\"z\":1}";
    assert!(line.contains(&format!("\"payload\":{payload},")), "{line}");
    let row: Value = serde_json::from_str(line).unwrap();
    assert_eq!(row["raw"].as_str().unwrap(), event(0));
    let hash: String = Sha256::digest(&payload).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(row["payload_hash"], hash.as_str());
    assert!(row["ingest_lag_ms"].is_i64());

    let again = export(&[]);
    assert!(again.err.contains("--since-last adds what came later"), "{}", again.err);
    assert_eq!(again.code, 1);
    let nothing = export(&["--since-last", "--compression", "none"]);
    assert_eq!(nothing.out, "new 0, there before 0, refused 0, unusable 0\n", "{}", nothing.err);
    assert_eq!(files(&lake), before);

    let server = Server::start_on(data, |command| command);
    // Some that are there already, and new ones.
    send(&server.url(), EVENTS - 100..EVENTS + 300);
    let url = server.url();
    let verify = |more: &[&str]| run(&[&["verify", "--lake", to, "--url", &url], more].concat());
    // What arrived since is not missing: the lake says until when it has what there was.
    assert_eq!(verify(&[]).code, 0, "{}", verify(&[]).err);
    // They arrived just after a question about settled arrivals and a restart, so they are settled a moment later.
    let (started, mut new) = (Instant::now(), 0);
    while new < 300 {
        assert!(started.elapsed() < PATIENCE, "{new} of 300 events came");
        let more =
            run(&["export", "--url", &url, "--to", to, "--format", "ndjson", "--since-last", "--compression", "none"]);
        let count =
            more.out.strip_prefix("new ").and_then(|rest| rest.split_once(", there before 0, refused 0, unusable 0"));
        new += count.unwrap_or_else(|| panic!("{}{}", more.out, more.err)).0.parse::<u64>().unwrap();
    }
    assert_eq!(new, 300);
    let after = files(&lake);
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    let added: Vec<&String> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(added.iter().all(|path| path.ends_with("-0.ndjson")), "{added:?}");
    let verified = verify(&[]);
    assert_eq!((verified.code, verified.out.as_str()), (0, ""), "{}", verified.err);
    assert!(verified.err.contains(&format!(" files, {} events, 0 events missing, 0 findings", EVENTS + 300)));

    // One file changed by a byte, one gone, one more.
    let mut paths = added.into_iter().chain(before.keys());
    let (changed, gone) = (paths.next().unwrap(), paths.next().unwrap());
    let mut bytes = after[changed].clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(lake.join(changed), bytes).unwrap();
    fs::remove_file(lake.join(gone)).unwrap();
    fs::write(lake.join("raw/more.ndjson"), "{}\n").unwrap();
    let found = verify(&[]);
    assert_eq!(found.code, 1);
    let lines: BTreeSet<&str> = found.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", found.out);
    assert!(lines.iter().any(|line| line.starts_with(&format!("changed file {changed}: "))), "{}", found.out);
    assert!(lines.contains(&*format!("missing file {gone}")), "{}", found.out);
    assert!(lines.contains("added file raw/more.ndjson: no manifest lists it"), "{}", found.out);
    assert!(!found.err.contains(" 0 events missing"), "{}", found.err);
    let alone = run(&["verify", "--lake", to, "--without-store", "--json"]);
    assert_eq!((alone.code, alone.out.lines().count()), (1, 3));
    assert!(alone.out.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["finding"].is_string()));
}

#[test]
fn an_event_that_one_side_alone_has_is_named() {
    let (store, other) = (stored(0..60), stored(20..60));
    let folder = tempfile::tempdir().unwrap();
    let lake = text(folder.path());
    assert_eq!(run(&["export", "--data", text(store.path()), "--to", lake, "--format", "ndjson"]).code, 0);
    let added = run(&["verify", "--lake", lake, "--data", text(other.path()), "--json"]);
    assert_eq!(added.code, 1);
    let of =
        |finding: &str| added.out.lines().filter(|line| line.contains(&format!("\"finding\":\"{finding}\""))).count();
    // The others arrived there, too, at other times.
    assert_eq!((of("event_added"), of("event_changed"), added.out.lines().count()), (20, 40, 60));

    // A file is emptied, and the manifest changed to say so: they agree, and the store knows better.
    let manifest = folder.path().join("_manifest/000001.json");
    let mut said: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let listed = said["files"][0].clone();
    let path = listed["path"].as_str().unwrap();
    let emptied = path.strip_suffix(".zst").unwrap();
    fs::remove_file(folder.path().join(path)).unwrap();
    fs::write(folder.path().join(emptied), "").unwrap();
    let nothing = hex(b"");
    said["files"][0] =
        serde_json::json!({"path": emptied, "events": 0, "bytes": 0, "sha256": nothing, "ids_sha256": nothing});
    fs::write(&manifest, said.to_string()).unwrap();
    let found = run(&["verify", "--lake", lake, "--data", text(store.path())]);
    assert_eq!(found.code, 1);
    assert_eq!(found.out.lines().count() as u64, listed["events"].as_u64().unwrap(), "{}{}", found.out, found.err);
    assert!(found.out.lines().all(|line| line.starts_with("missing event ")), "{}", found.out);
}

#[test]
fn a_changed_column_is_noticed_though_the_manifest_was_changed_too() {
    let store = stored(0..60);
    let folder = tempfile::tempdir().unwrap();
    let lake = text(folder.path());
    let data = ["--data", text(store.path())];
    let export = ["export", "--to", lake, "--format", "ndjson", "--compression", "none"];
    assert_eq!(run(&[&export[..], &data].concat()).code, 0);
    let manifest = folder.path().join("_manifest/000001.json");
    let mut said: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let path = folder.path().join(said["files"][0]["path"].as_str().unwrap());
    let whole = fs::read_to_string(&path).unwrap();
    let row: Value = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    let (id, lag) = (row["event_id"].as_str().unwrap(), row["ingest_lag_ms"].as_i64().unwrap());
    let arrived = row["ingest_time"].as_str().unwrap();
    let later = if arrived.ends_with("0Z") { 1 } else { -1 };
    let digit = i64::from(arrived.as_bytes()[arrived.len() - 2] - b'0') + later;
    let moved = format!("{}{digit}Z", &arrived[..arrived.len() - 2]);
    let mut check = |changes: &[(&str, &str)], told: &str, knows: bool| {
        let mut changed = whole.clone();
        for (from, to) in changes {
            assert!(changed.contains(from), "{from}");
            changed = changed.replacen(from, to, 1);
        }
        fs::write(&path, &changed).unwrap();
        (said["files"][0]["bytes"], said["files"][0]["sha256"]) =
            (changed.len().into(), hex(changed.as_bytes()).into());
        fs::write(&manifest, said.to_string()).unwrap();
        let found = run(&[&["verify", "--lake", lake], &data[..]].concat());
        assert!(found.code == 1 && found.out.contains(told), "{changes:?}: {}{}", found.out, found.err);
        assert_eq!(run(&["verify", "--lake", lake, "--without-store"]).code, i32::from(knows), "{changes:?}");
    };
    let other = |column: &str| format!("its event {id} has another `{column}` than its `raw` says");
    check(&[("\"source\":\"a/b ü\"", "\"source\":\"a/b\"")], &other("source"), true);
    check(&[("\"payload\":{", "\"payload\":{ ")], &other("payload"), true);
    let lag_of = |lag: i64| format!("\"ingest_lag_ms\":{lag},");
    check(&[(&lag_of(lag), &lag_of(lag + 1))], &other("ingest_lag_ms"), true);
    // This the store alone knows.
    let told = format!("changed event {id}: it arrived at {arrived}");
    check(&[(arrived, &moved), (&lag_of(lag), &lag_of(lag + later))], &told, false);
}

#[test]
fn a_folder_with_something_else_in_it_does_not_become_a_lake() {
    let (store, folder) = (stored(0..2), tempfile::tempdir().unwrap());
    let export = || run(&["export", "--to", text(folder.path()), "--format", "ndjson", "--data", text(store.path())]);
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let refused = export();
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("it has `notes.txt`, and no manifest; name a new or empty folder"), "{}", refused.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::remove_file(folder.path().join("notes.txt")).unwrap();
    assert_eq!(export().code, 0);
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_killed_export_leaves_no_half_file_and_is_gone_on_with() {
    let data = stored(0..EVENTS);
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path();
    let small = ["--buffer-bytes", "64KiB", "--file-bytes", "1KiB", "--since-last"];
    let mut random = fastrand::Rng::with_seed(7);
    let mut kills = 0;
    for _ in 0..40 {
        let mut export = pik(["export", "--format", "ndjson", "--to"]);
        let mut export = export.arg(lake).arg("--data").arg(data.path()).args(small).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(..400)));
        export.kill().unwrap();
        kills += u32::from(!export.wait().unwrap().success());
        if !lake.join("_manifest/000001.json").exists() {
            assert!(files(lake).is_empty());
            continue;
        }
        // Files of the last round may not have their names yet; those that have are whole, and no others are there.
        let found = run(&["verify", "--lake", text(lake), "--without-store"]);
        assert!(found.out.lines().all(|line| line.starts_with("missing file ")), "{}{}", found.out, found.err);
    }
    println!("{kills} kills");
    let last =
        run(&[&["export", "--format", "ndjson", "--to", text(lake), "--data", text(data.path())], &small[..]].concat());
    assert_eq!(last.code, 0, "{}", last.err);
    let found = run(&["verify", "--lake", text(lake), "--data", text(data.path())]);
    assert_eq!((found.code, found.out.as_str()), (0, ""), "{}", found.err);
    assert!(found.err.contains(&format!("{EVENTS} events, 0 events missing")), "{}", found.err);
    assert_eq!(fs::read_dir(lake.join("_parts")).unwrap().count(), 0);
    assert!(fs::read_dir(lake.join("_manifest")).unwrap().count() > 3, "it has several rounds");
    assert!(files(lake).keys().any(|path| path.contains("-1.ndjson")), "a partition has several files");
}

#[test]
fn a_lake_is_of_what_its_first_export_selected() {
    let data = stored(0..100);
    let folder = tempfile::tempdir().unwrap();
    let export = |more: &[&str]| {
        let arguments = ["export", "--format", "ndjson", "--to", text(folder.path()), "--data", text(data.path())];
        run(&[&arguments[..], more].concat())
    };
    let stream = ["--source", "a/b ü", "--event-type", "t0"];
    assert_eq!(export(&stream).out, "new 50, there before 0, refused 0, unusable 0\n");
    assert_eq!(export(&["--since-last"]).code, 0);
    assert_eq!(export(&[&stream[..], &["--since-last"]].concat()).code, 0);
    let verified = run(&["verify", "--lake", text(folder.path()), "--data", text(data.path())]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    for (more, told) in [
        (&["--since-last", "--source", "a/b ü", "--event-type", "t1"][..], "the lake is of other events"),
        (&["--since-last", "--arrived-from", "2026-01-01"], "leave out --arrived-from"),
        (&["--entity-id", "user_1"], "files of many events are made of arrivals"),
        (&["--from", "2026-01-01"], "files of many events are made of arrivals"),
        (&["--source", "a/b ü", "--desc"], "leave out --desc"),
        (&["--arrived-from", "2026-01-01", "--status", "duplicate"], "leave out --status"),
        (&["--file-bytes", "0"], "from 1 on"),
        (&["--to", "s3://bucket/lake"], ""),
    ] {
        let said = export(more);
        assert_ne!(said.code, 0, "{more:?}");
        assert!(said.err.contains(told), "{}", said.err);
    }
    let plain = export(&["--since-last", "--compression", "none"]);
    assert!(plain.code == 1 && plain.err.contains("add to it with --compression zstd"), "{}", plain.err);
    let objects = run(&["export", "--to", text(folder.path()), "--data", text(data.path())]);
    assert!(objects.code == 1 && objects.err.contains("is a lake"), "{}", objects.err);
    let json = run(&["export", "--to", text(folder.path()), "--data", text(data.path()), "--since-last"]);
    assert!(json.err.contains("add --format ndjson"), "{}", json.err);

    let empty = tempfile::tempdir().unwrap();
    let unknown = ["export", "--format", "ndjson", "--to", text(empty.path()), "--data", text(data.path())];
    let unknown = run(&[&unknown[..], &["--source", "a/b"]].concat());
    assert!(unknown.err.contains("there is no event of source `a/b`"), "{}", unknown.err);
}

#[test]
fn what_lies_in_the_folder_is_not_trusted() {
    let data = stored(0..20);
    let export = |lake: &Path| {
        run(&["export", "--format", "ndjson", "--since-last", "--to", text(lake), "--data", text(data.path())])
    };
    // An export of single objects.
    let objects = tempfile::tempdir().unwrap();
    assert_eq!(run(&["export", "--to", text(objects.path()), "--data", text(data.path())]).code, 0);
    let said = export(objects.path());
    assert!(said.err.contains("name a new or empty folder for a lake"), "{}", said.err);

    // Links that lead elsewhere.
    let (lake, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["_parts", "_manifest"] {
        let lake = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), lake.path().join(name)).unwrap();
        let said = export(lake.path());
        assert!(said.err.contains("links are not followed"), "{}", said.err);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    // Another export has the lake.
    let held = fs::File::open(lake.path()).unwrap();
    held.lock().unwrap();
    assert!(export(lake.path()).err.contains("another export writes into"));
    drop(held);
    assert_eq!(export(lake.path()).code, 0);

    // A manifest that leads out of the lake, one that is none, and one that is gone.
    let manifest = lake.path().join("_manifest/000001.json");
    let right = fs::read_to_string(&manifest).unwrap();
    for wrong in [
        right.replacen("raw/", "raw/../../", 1),
        right.replacen("raw/", "/raw/", 1),
        "{}".to_owned(),
        right.replace("\"version\": 1", "\"version\": 2"),
    ] {
        fs::write(&manifest, wrong).unwrap();
        for said in [export(lake.path()), run(&["verify", "--lake", text(lake.path()), "--without-store"])] {
            assert_eq!(said.code, 1);
            assert!(said.err.contains("cannot use the manifest"), "{}", said.err);
        }
    }
    fs::rename(&manifest, lake.path().join("_manifest/000002.json")).unwrap();
    assert!(export(lake.path()).err.contains("cannot use the manifest"));
    let none = run(&["verify", "--lake", text(objects.path()), "--without-store"]);
    assert!(none.err.contains("it is no lake"), "{}", none.err);
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_is_proved_as_well() {
    let data = stored(0..EVENTS);
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path();
    let export = |more: &[&str]| {
        let arguments =
            ["export", "--format", "parquet", "--since-last", "--to", text(lake), "--data", text(data.path())];
        run(&[&arguments[..], more].concat())
    };
    let small = export(&["--buffer-bytes", "64KiB", "--file-bytes", "2KiB"]);
    assert_eq!(small.out, format!("new {EVENTS}, there before 0, refused 0, unusable 0\n"), "{}", small.err);
    let before = files(lake);
    assert!(before.values().all(|bytes| bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")));
    assert_eq!(export(&[]).out, "new 0, there before 0, refused 0, unusable 0\n");
    assert_eq!(files(lake), before);
    let other = run(&["export", "--format", "ndjson", "--since-last", "--to", text(lake), "--data", text(data.path())]);
    assert!(other.err.contains("the lake is in parquet"), "{}", other.err);

    let verify = || run(&["verify", "--lake", text(lake), "--data", text(data.path())]);
    let right = verify();
    assert_eq!((right.code, right.out.as_str()), (0, ""), "{}", right.err);
    assert!(right.err.contains(&format!("{EVENTS} events, 0 events missing")), "{}", right.err);
    let mut paths = before.keys();
    let (changed, gone) = (paths.next().unwrap(), paths.next().unwrap());
    let mut bytes = before[changed].clone();
    bytes[100] ^= 1;
    fs::write(lake.join(changed), &bytes).unwrap();
    fs::remove_file(lake.join(gone)).unwrap();
    let found = verify();
    assert_eq!((found.code, found.out.lines().count()), (1, 2), "{}", found.out);
    assert!(found.out.contains(&format!("changed file {changed}: its bytes are other ones")), "{}", found.out);
    assert!(found.out.contains(&format!("missing file {gone}\n")), "{}", found.out);

    // Whoever makes the manifest say so, too: the file is read, and nothing panics.
    let (manifest, hash) = (lake.join("_manifest/000001.json"), hex(&before[changed]));
    for wrong in [bytes, before[changed][..50].to_vec(), b"PAR1".repeat(30), Vec::new()] {
        let said = fs::read_to_string(&manifest).unwrap();
        let told = said.replace(&hash, &hex(&wrong));
        let told =
            told.replace(&format!("\"bytes\": {}", before[changed].len()), &format!("\"bytes\": {}", wrong.len()));
        fs::write(&manifest, told).unwrap();
        fs::write(lake.join(changed), wrong).unwrap();
        let found = verify();
        assert_eq!(found.code, 1, "{}", found.err);
        assert!(!found.err.contains("panicked"), "{}", found.err);
        fs::write(&manifest, said).unwrap();
    }
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_build_without_parquet_says_so() {
    let (data, folder) = (stored(0..1), tempfile::tempdir().unwrap());
    let lake = folder.path().join("lake");
    let said = run(&["export", "--format", "parquet", "--to", text(&lake), "--data", text(data.path())]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("--features parquet"), "{}", said.err);
    assert!(!lake.exists());
}
