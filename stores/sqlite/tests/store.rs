//! What a store on one SQLite file promises.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures_executor::block_on;
use pik_core::{
    Event, IngestTime, Investigate, Order, Outcome, Query, Range, Receipt, Scope, Span, Status, Store, StoreError,
    Submission,
};
use pik_sqlite::{OpenError, Options, SqliteStore};
use tempfile::TempDir;

fn submission(number: u32, attempt: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{}","event_time":"2025-12-28T23:59:59.{number:06}Z","payload":{{"steps":{number}}}}}"#,
        number % 7
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let ingest_time = IngestTime::from_unix_ms(1_767_000_000_000 + attempt as i64).unwrap();
    Submission::new(&event, ingest_time, Receipt::new("test", attempt, 0))
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path().join("pik.sqlite"), Options::default()).unwrap()
}

#[test]
fn the_first_is_accepted_and_later_ones_are_duplicates() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let (first, later) = (submission(1, 1), submission(1, 86_400_000));

    let accepted = block_on(store.ingest(first.clone())).unwrap();
    assert_eq!(accepted.status, Outcome::Accepted);
    assert_eq!(accepted.raw_key, first.raw_key);

    let duplicate = block_on(store.ingest(later.clone())).unwrap();
    assert_eq!(duplicate.status, Outcome::Duplicate);
    assert_eq!(duplicate.raw_key, first.raw_key, "the key of the first");
    assert_eq!(duplicate.ingest_lag_ms, later.ingest_lag_ms, "the lag of this one");

    let found = block_on(store.find(&accepted.event_id)).unwrap().unwrap();
    assert_eq!(found.status, Status::Accepted);
    assert_eq!(found.raw_bucket, "sqlite");
    let expected = pik_core::Record { status: Status::Accepted, ..first.claim("sqlite") };
    assert_eq!(found, expected);
    assert_eq!(block_on(store.raw(&accepted.event_id)).unwrap().unwrap().into_bytes(), first.raw);
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let submissions: Vec<_> = (0..500).map(|number| submission(number, u64::from(number))).collect();
    let store = open(&folder);
    let answers = block_on(store.ingest_batch(submissions.clone()));
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status == Outcome::Accepted));
    store.close();

    let store = open(&folder);
    for submission in &submissions {
        let id = &submission.event_id;
        assert_eq!(block_on(store.raw(id)).unwrap().unwrap().into_bytes(), submission.raw);
    }
    let again = block_on(store.ingest_batch(submissions));
    assert!(again.iter().all(|answer| answer.as_ref().unwrap().status == Outcome::Duplicate));
}

#[test]
fn one_event_from_64_threads_is_accepted_once() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|attempt| {
                let store = &store;
                scope.spawn(move || block_on(store.ingest(submission(7, attempt))).unwrap().status)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count(), 1);
}

#[test]
fn equal_events_in_one_batch_are_ingested_in_order() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let outcomes: Vec<_> = block_on(store.ingest_batch(vec![submission(1, 1), submission(2, 2), submission(1, 3)]))
        .into_iter()
        .map(|answer| answer.unwrap().status)
        .collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted, Outcome::Duplicate]);
}

#[test]
fn a_full_queue_is_overloaded() {
    let folder = TempDir::new().unwrap();
    let options = Options { queued_events: 0, ..Options::default() };
    let store = SqliteStore::open(folder.path().join("pik.sqlite"), options).unwrap();
    assert!(matches!(block_on(store.ingest(submission(1, 1))), Err(StoreError::Overloaded(_))));
    assert!(matches!(block_on(store.ingest_batch(vec![submission(1, 1)]))[..], [Err(StoreError::Overloaded(_))]));
}

#[test]
fn a_second_opener_is_refused_until_the_first_closes() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let second = SqliteStore::open(folder.path().join("pik.sqlite"), Options::default());
    assert!(matches!(second, Err(OpenError::Locked(_))));
    store.close();
    open(&folder);
}

/// A page goes through a bounded number of other streams' occurrences, and the next one goes on there.
#[test]
fn a_rare_stream_is_found_among_many_occurrences_of_another() {
    const OTHERS: usize = 52_000;
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("pik.sqlite"), Options::default()).unwrap();
    let submission = |source: &str, number: usize| {
        let body = format!(
            r#"{{"source":"{source}","event_type":"t","entity_id":"e","event_time":"2025-12-28T00:00:00.{number:06}Z","payload":{number}}}"#
        );
        let event = Event::parse(body.as_bytes()).unwrap();
        let arrived = IngestTime::from_unix_ms(1_767_000_000_000 + number as i64).unwrap();
        Submission::new(&event, arrived, Receipt::new(source, number as u64, 0))
    };
    for from in (0..OTHERS).step_by(1_000) {
        let batch = (from..from + 1_000).map(|number| submission("often", number)).collect();
        assert!(block_on(store.ingest_batch(batch)).iter().all(Result::is_ok));
    }
    for number in [0, OTHERS - 1] {
        block_on(store.ingest(submission("rare", number))).unwrap();
    }
    let (from, to) = (IngestTime::from_unix_ms(0).unwrap(), IngestTime::from_unix_ms(1_800_000_000_000).unwrap());
    for span in [Span::EventTime { from: None, to: None }, Span::Arrival { from, to }] {
        for order in [Order::Ascending, Order::Descending] {
            let scope = Scope::Stream { source: "rare".to_owned(), event_type: "t".to_owned() };
            let query = Query::Range(Range { scope, span, order, status: None });
            let (mut found, mut short, mut after) = (Vec::new(), 0, None);
            loop {
                let page = block_on(store.records(&query, after.as_ref(), 10)).unwrap();
                short += usize::from(page.next.is_some() && page.items.len() < 10);
                found.extend(page.items.into_iter().map(|record| record.ingest_time.unix_ms() % 1_000_000));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut expected = [0, OTHERS as i64 - 1];
            if order == Order::Descending {
                expected.reverse();
            }
            assert_eq!((&found[..], short), (&expected[..], 1), "{query:?}");
            let unknown = Scope::Source { source: "none".to_owned() };
            let nothing = Query::Range(Range { scope: unknown, span, order, status: None });
            let page = block_on(store.records(&nothing, None, 10)).unwrap();
            assert!(page.items.is_empty() && page.next.is_none(), "{nothing:?}");
        }
    }
}
