//! Files in which bits have flipped: each flip is noticed, or changes no answer.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::db::schema;
use crate::index::indexes::Indexes;
use crate::verify::{Inspected, inspect};
use crate::{OpenError, Options, SqliteStore};
use fastrand::Rng;
use futures_executor::block_on;
use pik_core::{
    BucketWidth, Event, Finding, IngestTime, Investigate, Notice, Query, Receipt, StatsQuery, Store, Submission,
};
use rusqlite::Connection;
use tempfile::TempDir;

const EVENTS: u64 = 120;
const REPEATED: u64 = 40;

fn submission(number: u64, attempt: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"type_{}","entity_id":"e{}","event_time":"2025-12-28T{:02}:59:59Z","payload":{{"n":{number},"text":"{}"}}}}"#,
        number % 2,
        number % 5,
        number % 24,
        "x".repeat(usize::try_from(number * 37 % 900).unwrap())
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let arrived = IngestTime::from_unix_ms(1_767_000_000_000 + attempt.cast_signed() * 1_000).unwrap();
    Submission::new(&event, arrived, Receipt::new("test", attempt, 0))
}

/// A folder in memory where there is one: nothing here depends on the disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A database with everything in it, closed in good order.
fn filled(folder: &Path) -> PathBuf {
    let path = folder.join("pik.sqlite");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let all = (0..EVENTS).map(|number| submission(number, number));
    let again = (0..REPEATED).map(|number| submission(number, EVENTS + number));
    for answer in block_on(store.ingest_batch(all.chain(again).collect())) {
        answer.unwrap();
    }
    store.close();
    // So few keys would stay in memory.
    let connection = schema::open_writer(&path).unwrap();
    Indexes::write_tables(&connection, 20).unwrap();
    connection.close().unwrap();
    path
}

/// Verifies a file; the findings as lines.
fn verify(path: &Path) -> Result<(Inspected, Vec<String>), OpenError> {
    let mut findings = Vec::new();
    let inspected = inspect(path, |notice| match notice {
        Notice::Found(finding) => findings.push(finding.to_string()),
        Notice::Records(_) | Notice::Objects(_) | Notice::Repaired(_) => {}
    })?;
    Ok((inspected, findings))
}

/// Every answer that the store gives, as text; what fails to answer says so.
fn answers(path: &Path) -> Result<String, String> {
    let store = SqliteStore::open(path, Options { readers: 1, ..Options::default() }).map_err(|e| e.to_string())?;
    let mut told = String::new();
    let mut queries = vec![];
    for entity in 0..5 {
        queries.push(Query::Entity { entity_id: format!("e{entity}"), from: None, to: None, status: None });
    }
    let time = |ms| IngestTime::from_unix_ms(ms).unwrap();
    queries.push(Query::Arrivals { from: time(0), to: time(1_900_000_000_000), status: None });
    for kind in 0..2 {
        let event_date = "2025-12-28T00:00:00Z".parse().unwrap();
        let (source, event_type) = ("demo".to_owned(), format!("type_{kind}"));
        queries.push(Query::Lag {
            source: source.clone(),
            event_type: event_type.clone(),
            event_date,
            min_lag_ms: None,
        });
        let stats =
            StatsQuery::new(source, event_type, event_date, "2025-12-29T00:00:00Z".parse().unwrap(), BucketWidth::Hour);
        write!(told, "{:?}", block_on(store.stats(&stats))).unwrap();
    }
    for query in &queries {
        write!(told, "{:?}", block_on(Investigate::records(&store, query, None, 10_000))).unwrap();
    }
    for number in 0..EVENTS {
        let id = submission(number, 0).event_id;
        write!(
            told,
            "{:?}{:?}",
            block_on(store.find(&id)),
            block_on(store.raw(&id)).map(|raw| raw.map(|raw| raw.into_bytes()))
        )
        .unwrap();
    }
    let again = (0..EVENTS).map(|number| submission(number, 5_000 + number)).collect();
    for answer in block_on(store.ingest_batch(again)) {
        write!(told, "{answer:?}").unwrap();
    }
    store.close();
    let connection = Connection::open(path).map_err(|e| e.to_string())?;
    for view in ["events", "duplicates"] {
        let count: i64 = connection
            .query_row(&format!("SELECT count(*) FROM {view}"), [], |row| row.get(0))
            .map_err(|e| e.to_string())?;
        write!(told, "{view} {count}").unwrap();
    }
    Ok(told)
}

#[test]
fn a_sound_file_has_no_findings() {
    let place = folder();
    let path = filled(place.path());
    let before = fs::read(&path).unwrap();
    let (inspected, findings) = verify(&path).unwrap();
    assert_eq!(findings, Vec::<String>::new());
    assert!(inspected.compared_indexes);
    assert_eq!(inspected.without_checksum, 0);
    assert_eq!(
        inspected.newest,
        IngestTime::from_unix_ms(1_767_000_000_000 + (EVENTS + REPEATED - 1).cast_signed() * 1_000)
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    let mut names: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["pik.sqlite", "pik.sqlite.lock"], "nothing is left beside it");
}

#[test]
fn a_missing_database_is_not_made() {
    let place = folder();
    assert!(matches!(verify(&place.path().join("pik.sqlite")), Err(OpenError::Missing(_))));
    assert!(fs::read_dir(place.path()).unwrap().next().is_none());
}

#[test]
fn a_database_in_use_is_left_alone() {
    let place = folder();
    let path = place.path().join("pik.sqlite");
    let _store = SqliteStore::open(&path, Options::default()).unwrap();
    assert!(matches!(verify(&path), Err(OpenError::Locked(_))));
}

#[test]
fn a_log_that_a_crash_left_is_read_and_kept() {
    let place = folder();
    let path = place.path().join("pik.sqlite");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    for number in 0..10 {
        block_on(store.ingest(submission(number, number))).unwrap();
    }
    let left = folder();
    for name in ["pik.sqlite", "pik.sqlite-wal", "pik.sqlite.lock"] {
        fs::copy(place.path().join(name), left.path().join(name)).unwrap();
    }
    let copy = left.path().join("pik.sqlite");
    let files = || (fs::read(&copy).unwrap(), fs::read(left.path().join("pik.sqlite-wal")).unwrap());
    let before = files();
    let (inspected, findings) = verify(&copy).unwrap();
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(inspected.newest, IngestTime::from_unix_ms(1_767_000_009_000));
    assert!(files() == before, "verifying changed a file");

    // The copy without its log is recognised, and read all the same.
    fs::remove_file(left.path().join("pik.sqlite-wal")).unwrap();
    fs::remove_file(left.path().join("pik.sqlite-shm")).unwrap();
    let (inspected, findings) = verify(&copy).unwrap();
    assert!(findings.len() == 1 && findings[0].contains("the last 10 records"), "{findings:?}");
    assert_eq!(inspected.newest, None);
}

#[test]
fn lost_records_are_named_and_the_others_are_read() {
    let place = folder();
    let path = filled(place.path());
    let connection = Connection::open(&path).unwrap();
    let select = "SELECT pageno FROM dbstat WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 3";
    let page: usize = connection.query_row(select, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap();
    drop(connection);
    let mut bytes = fs::read(&path).unwrap();
    // The head of the page: none of its rows can be read any more.
    bytes[(page - 1) * 4096..][..100].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let (_, findings) = verify(&path).unwrap();
    let named: Vec<&String> =
        findings.iter().filter(|finding| finding.contains("lost: the event whose event_id starts with")).collect();
    assert!(named.len() > 2, "{findings:#?}");
    // Only the records of that page, and what depends on them.
    assert!(named.len() < 100, "{}", named.len());
    assert!(findings.iter().any(|finding| finding.starts_with("damaged: file")), "{findings:#?}");
}

#[test]
fn a_flipped_bit_is_noticed_or_changes_no_answer() {
    let seed = std::env::var("PIK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_127);
    println!("PIK_TEST_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let place = folder();
    let path = filled(place.path());
    let tables = pages_of_tables(&path);
    let sound = fs::read(&path).unwrap();
    let expected = {
        let copy = folder();
        fs::copy(&path, copy.path().join("pik.sqlite")).unwrap();
        answers(&copy.path().join("pik.sqlite")).unwrap()
    };
    let flips: usize = std::env::var("PIK_FLIPS").ok().and_then(|flips| flips.parse().ok()).unwrap_or(4);
    let mut noticed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (table, pages) in &tables {
        for _ in 0..flips {
            let page = pages[random.usize(..pages.len())];
            let mut any_random = random.fork();
            let any = || (page - 1) * 4096 + any_random.usize(..4096);
            // Mostly where something is stored.
            let byte = std::iter::repeat_with(any).take(12).find(|byte| sound[*byte] != 0);
            let (byte, bit) = (byte.unwrap_or((page - 1) * 4096 + 4095), random.u8(..8));
            let mut damaged = sound.clone();
            damaged[byte] ^= 1 << bit;
            let copy = folder();
            let copied = copy.path().join("pik.sqlite");
            fs::write(&copied, &damaged).unwrap();
            let is_noticed = match verify(&copied) {
                Ok((_, findings)) => !findings.is_empty(),
                Err(_) => true,
            };
            let count = noticed.entry(table).or_default();
            count.0 += 1;
            count.1 += usize::from(is_noticed);
            if !is_noticed {
                let told = answers(&copied);
                assert!(
                    told.as_ref() == Ok(&expected),
                    "bit {bit} of byte {byte}, in {table}: not noticed, and answers changed: {}",
                    told.err().unwrap_or_default()
                );
            }
        }
    }
    for (table, (flips, noticed)) in &noticed {
        println!("{table}: {flips} flips, {noticed} noticed, the others changed no answer");
    }
    assert!(noticed.len() > 8, "{noticed:?}");
}

/// The pages of each table and index.
fn pages_of_tables(path: &Path) -> BTreeMap<String, Vec<usize>> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name, pageno FROM dbstat").unwrap();
    let mut pages: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    for row in rows {
        let (name, page) = row.unwrap();
        pages.entry(name).or_default().push(page.try_into().unwrap());
    }
    pages
}

/// Findings are for programs, too.
#[test]
fn findings_name_their_kind() {
    let finding = Finding::Damaged { part: "index".to_owned(), reason: "it is gone".to_owned() };
    assert_eq!(finding.to_string(), "damaged: index: it is gone");
}
