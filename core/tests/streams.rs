//! Sources and types, with what was refused of them, as the reference store tells them.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use pik_core::{
    Bucket, BucketWidth, Code, CountedCode, CountedUnder, Event, Evidence, IngestTime, Investigate, MemoryLedger,
    MemoryStore, NotKept, Page, Position, Query, QueryError, Receipt, Record, Refusals, RejectedHour, RejectedHours,
    RejectedStream, RejectionBounds, RejectionPage, RejectionPlace, RejectionQuery, Rejections, StatsQuery, Store,
    StoreError, Stream, Submission, count_stream, has_stream, hour_of, list_streams,
};

fn time(text: &str) -> IngestTime {
    text.parse().unwrap()
}

/// One event of each of these types of the source `s` was refused at `now`.
fn refused<'a>(types: impl IntoIterator<Item = &'a str>, now: &str) -> Evidence {
    let now = time(now);
    let under = |event_type: &str| CountedUnder {
        hour: hour_of(now),
        source: Some("s".to_owned()),
        event_type: Some(event_type.to_owned()),
        code: CountedCode::Rejected(Code::Empty),
    };
    let counts =
        types.into_iter().map(|event_type| (under(event_type), Refusals { count: 1, unrecorded: 1 })).collect();
    Evidence { records: Vec::new(), counts, bounds: RejectionBounds::default(), now }
}

/// Counts how many pages of streams are asked for, and answers nothing else.
#[derive(Default)]
struct Counted {
    ledger: MemoryLedger,
    pages: AtomicUsize,
}

impl Investigate for Counted {
    async fn records(&self, _: &Query, _: Option<&Position>, _: usize) -> Result<Page<Record>, QueryError> {
        unreachable!("nothing asks for records");
    }

    async fn stats(&self, _: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        unreachable!("nothing asks for counts");
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.ledger.streams(after, limit).await
    }
}

impl Rejections for Counted {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.ledger.keep(evidence).await
    }

    async fn rejections(
        &self,
        _: &RejectionQuery,
        _: Option<RejectionPlace>,
        _: usize,
    ) -> Result<RejectionPage, StoreError> {
        unreachable!("nothing asks for records of what was refused");
    }

    async fn rejected_hours(&self, _: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        unreachable!("nothing asks for hours");
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        self.ledger.rejected_streams(after, limit).await
    }
}

#[test]
fn what_was_refused_is_listed_to_its_end_in_pages_of_any_size() {
    let ledger = MemoryLedger::default();
    ledger.keep(refused(["a", "b", "c", "d"], "2025-12-29T20:15:35.580Z")).now_or_never().unwrap().unwrap();
    for limit in 1..6 {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = list_streams(&ledger, after.as_ref(), limit).now_or_never().unwrap().unwrap();
            assert!(!page.items.is_empty(), "an empty page of {limit}");
            told.extend(page.items.into_iter().map(|stream| stream.event_type));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(told, ["a", "b", "c", "d"], "by {limit}");
    }
}

#[test]
fn a_page_that_holds_all_streams_is_the_last() {
    let store = MemoryStore::default();
    for event_type in ["a", "b"] {
        let event = format!(
            r#"{{"source":"s","event_type":"{event_type}","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":{{}}}}"#
        );
        let event = Event::parse(event.as_bytes()).unwrap();
        let submission = Submission::new(&event, time("2025-12-29T20:15:35.580Z"), Receipt::new("req-7", 1, 0));
        store.ingest(submission).now_or_never().unwrap().unwrap();
    }
    for (limit, more) in [(1, true), (2, false), (3, false)] {
        let page = store.streams(None, limit).now_or_never().unwrap().unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (limit.min(2), more));
    }
}

#[test]
fn whether_there_is_a_stream_takes_no_page_beyond_its_place() {
    let store = Counted::default();
    let types: Vec<String> = (0..100).map(|number| format!("type-{number:02}")).collect();
    let evidence = refused(types.iter().map(String::as_str), "2025-12-29T20:15:35.580Z");
    store.keep(evidence).now_or_never().unwrap().unwrap();
    for (source, event_type, is_there) in [
        ("s", Some("type-50"), true),
        ("s", Some("type-99"), true),
        ("s", Some("type-500"), false),
        ("s", Some("absent"), false),
        ("s", None, true),
        ("r", None, false),
        ("r", Some("type-50"), false),
    ] {
        store.pages.store(0, Ordering::Relaxed);
        let found = has_stream(&store, source, event_type).now_or_never().unwrap().unwrap();
        let pages = store.pages.load(Ordering::Relaxed);
        assert_eq!((found, pages <= 1), (is_there, true), "{source} {event_type:?}: {pages} pages");
    }
}

#[test]
fn what_was_refused_of_a_stream_is_found_behind_many_others() {
    let ledger = MemoryLedger::default();
    let others: Vec<String> = (0..40).map(|number| format!("other-{number:02}")).collect();
    let evidence = refused(others.iter().map(String::as_str), "2020-12-29T20:15:35.580Z");
    ledger.keep(evidence).now_or_never().unwrap().unwrap();
    ledger.keep(refused(["t"], "2025-12-29T20:15:35.580Z")).now_or_never().unwrap().unwrap();
    let (from, to) = ("2025-12-29T00:00:00Z".parse().unwrap(), "2025-12-30T00:00:00Z".parse().unwrap());
    for (event_type, rejected) in [("t", 1), ("other-07", 0), ("absent", 0)] {
        let query = StatsQuery::new("s", event_type, from, to, BucketWidth::Day);
        let buckets = count_stream(&ledger, &query).now_or_never().unwrap().unwrap();
        assert_eq!(buckets.iter().map(|bucket| bucket.rejected).collect::<Vec<_>>(), [rejected], "{event_type}");
    }
}
