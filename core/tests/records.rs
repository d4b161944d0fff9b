//! Submissions, records, raw objects and questions, without a store.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use pik_core::{Event, IngestTime, Order, Query, Range, RawObject, Receipt, Record, Scope, Span, Status, Submission};

const RAW: &[u8] = br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{}}"#;

fn time(text: &str) -> IngestTime {
    text.parse().unwrap()
}

fn submission(arrived: &str) -> Submission {
    Submission::new(&Event::parse(RAW).unwrap(), time(arrived), Receipt::new("req-7", 1, 0))
}

#[test]
fn a_submission_that_is_moved_is_as_if_it_had_arrived_then() {
    let mut moved = submission("2025-12-29T20:15:35.580Z");
    let later = submission("2025-12-30T00:00:00.000Z");
    moved.restamp(later.ingest_time);
    assert_eq!(moved, later);
}

#[test]
fn a_duplicate_is_listed_when_it_came_and_not_when_the_first_was_finished() {
    let first = submission("2025-12-29T20:15:35.580Z").claim("bucket").listed_under(time("2025-12-29T21:00:00.000Z"));
    let duplicate = submission("2025-12-29T20:30:00.000Z").duplicate_of(&first);
    assert_eq!(duplicate.listed_time(), time("2025-12-29T20:30:00.000Z"));
    assert_eq!((duplicate.status, duplicate.ingest_lag_ms), (Status::Duplicate, 73_801_000));
    assert_eq!(duplicate.raw_key, first.raw_key);
}

#[test]
fn a_raw_object_is_the_event_and_nothing_else() {
    let id = *Event::parse(RAW).unwrap().id();
    let checked = |bytes: Vec<u8>| RawObject::checked(&id, bytes.into(), || "row 7");
    assert_eq!(checked(RAW.to_vec()).unwrap().as_bytes(), RAW);
    let other = String::from_utf8(RAW.to_vec()).unwrap().replace("{}", "[]");
    let other_id = Event::parse(other.as_bytes()).unwrap().id().to_string();
    for (bytes, fault) in [
        ([RAW, b"\n"].concat(), "it has white space around the event"),
        ([b" ", RAW].concat(), "it has white space around the event"),
        (RAW[1..].to_vec(), "it is not an event"),
        (other.clone().into_bytes(), &format!("it is the event {other_id}")),
    ] {
        let error = checked(bytes).unwrap_err();
        assert_eq!(error.reason(), format!("the raw object row 7 is damaged: {fault}; run `pik verify`"));
    }
}

#[test]
fn a_question_names_what_it_is_about() {
    let (from, to) = (time("2025-12-29T00:00:00.000Z"), time("2025-12-30T00:00:00.000Z"));
    let range =
        |scope| Query::Range(Range { scope, span: Span::Arrival { from, to }, order: Order::Ascending, status: None });
    let source = || "demo".to_owned();
    let event_type = || "heartbeat".to_owned();
    let event_date = "2025-12-28T00:00:00Z".parse().unwrap();
    let lag = Query::Lag { source: source(), event_type: event_type(), event_date, min_lag_ms: None };
    let entity = Query::Entity { entity_id: "user_123".to_owned(), from: None, to: None, status: None };
    assert_eq!(lag.stream(), Some(("demo", Some("heartbeat"))));
    assert_eq!(range(Scope::Stream { source: source(), event_type: event_type() }).stream(), lag.stream());
    assert_eq!(range(Scope::Source { source: source() }).stream(), Some(("demo", None)));
    assert_eq!(range(Scope::All).stream(), None);
    assert_eq!(entity.stream(), None);
    assert_eq!((range(Scope::All).arrivals(), lag.arrivals()), (Some((from, to)), None));
}

#[test]
fn a_range_has_its_beginning_and_not_its_end() {
    let claim = submission("2025-12-29T20:15:35.580Z").claim("bucket");
    let record = Record { status: Status::Accepted, ..claim };
    let range = |span| Query::Range(Range { scope: Scope::All, span, order: Order::Ascending, status: None });
    let [before, at, after] = ["58.999999999", "59", "59.000000001"]
        .map(|second| Some(format!("2025-12-28T23:59:{second}Z").parse().unwrap()));
    for (from, to, asks) in [(at, after, true), (before, at, false), (after, None, false), (None, after, true)] {
        let question = range(Span::EventTime { from, to });
        assert_eq!(question.asks_for(&record), asks, "{question:?}");
        assert_eq!(question.clone().frozen(IngestTime::FIRST), question);
    }
    let [before, at, after] = ["579", "580", "581"].map(|ms| time(&format!("2025-12-29T20:15:35.{ms}Z")));
    for (from, to, asks) in [(at, after, true), (before, at, false), (after, after, false)] {
        let question = range(Span::Arrival { from, to });
        assert_eq!(question.asks_for(&record), asks, "{question:?}");
    }
    let question = range(Span::Arrival { from: before, to: after });
    assert_eq!(question.clone().frozen(at).arrivals(), Some((before, at)));
    assert_eq!(question.frozen(IngestTime::FIRST).arrivals(), Some((before, before)));
}

#[test]
fn an_order_is_read_as_it_is_written() {
    for order in [Order::Ascending, Order::Descending] {
        assert_eq!(order.as_str().parse(), Ok(order));
    }
    let error = "ASC".parse::<Order>().unwrap_err();
    assert_eq!(error.to_string(), "neither `asc` nor `desc`; write one of them in lower case");
}
