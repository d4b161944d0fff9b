//! Submissions, records, raw objects and questions, without a store.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use pik_core::{
    BucketWidth, Code, CountedCode, Event, EventId, IngestTime, KeptBody, KeptError, MAX_KEPT_PATH_BYTES, Order,
    Outcome, Problem, Query, Range, RawObject, Receipt, Record, Scope, Span, Status, Submission, Tally, parse_lag,
};

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
fn a_question_asks_for_what_it_names() {
    let claim = submission("2025-12-29T20:15:35.580Z").claim("bucket");
    let first = Record { status: Status::Accepted, ..claim.clone() };
    let duplicate = submission("2025-12-29T20:30:00.000Z").duplicate_of(&first);
    let asks = |question: Query, of_first: bool, of_duplicate: bool| {
        let answers = [&first, &duplicate, &claim].map(|record| question.asks_for(record));
        assert_eq!(answers, [of_first, of_duplicate, false], "{question:?}");
    };
    let [before, at, after] = ["58", "59", "60"].map(|second| {
        let minutes =
            if second == "60" { "2025-12-29T00:00:00Z".to_owned() } else { format!("2025-12-28T23:59:{second}Z") };
        Some(minutes.parse().unwrap())
    });
    let entity =
        |entity_id: &str, from, to, status| Query::Entity { entity_id: entity_id.to_owned(), from, to, status };
    asks(entity("user_123", None, None, None), true, true);
    asks(entity("user_123", at, after, Some(Outcome::Accepted)), true, false);
    asks(entity("user_123", before, after, Some(Outcome::Duplicate)), false, true);
    asks(entity("user_123", after, None, None), false, false);
    asks(entity("user_123", None, at, None), false, false);
    asks(entity("user_124", at, after, None), false, false);

    let lag = |source: &str, event_type: &str, day: &str, min_lag_ms| Query::Lag {
        source: source.to_owned(),
        event_type: event_type.to_owned(),
        event_date: format!("{day}T00:00:00Z").parse().unwrap(),
        min_lag_ms,
    };
    asks(lag("demo", "heartbeat", "2025-12-28", None), true, false);
    asks(lag("demo", "heartbeat", "2025-12-28", Some(first.ingest_lag_ms)), true, false);
    asks(lag("demo", "heartbeat", "2025-12-28", Some(first.ingest_lag_ms + 1)), false, false);
    asks(lag("demo", "heartbeat", "2025-12-29", None), false, false);
    asks(lag("demo", "other", "2025-12-28", None), false, false);
    asks(lag("other", "heartbeat", "2025-12-28", None), false, false);

    let arrivals = |from, to, status| Query::Arrivals { from, to, status };
    asks(arrivals(first.ingest_time, duplicate.ingest_time, None), true, false);
    asks(arrivals(first.ingest_time, duplicate.ingest_time, Some(Outcome::Duplicate)), false, false);
    asks(Query::Duplicates { event_id: first.event_id }, false, true);
    asks(Query::Duplicates { event_id: EventId::from_bytes([0; 32]) }, false, false);
}

#[test]
fn words_are_read_as_they_are_written() {
    for status in [Status::Pending, Status::Accepted, Status::Duplicate] {
        assert_eq!(Status::from_stored(status.as_str()), Some(status));
    }
    for width in [BucketWidth::Hour, BucketWidth::Day] {
        assert_eq!(width.as_str().parse(), Ok(width));
    }
    for code in Code::ALL {
        assert_eq!(Code::from_stored(code.as_str()), Some(code));
        let counted = CountedCode::Rejected(code);
        assert_eq!((counted.as_str(), CountedCode::from_stored(counted.as_str())), (code.as_str(), Some(counted)));
    }
    assert_eq!(CountedCode::from_stored(CountedCode::Unauthorized.as_str()), Some(CountedCode::Unauthorized));
    let units = ["7ms", "7s", "7m", "7h", "7d"].map(|text| parse_lag(text).unwrap());
    assert_eq!(units, [7, 7_000, 420_000, 25_200_000, 604_800_000]);
    assert!(parse_lag("7w").unwrap_err().to_string().starts_with("not a lag; write a whole number with a unit"));
    let error = "DAY".parse::<BucketWidth>().unwrap_err();
    assert_eq!(error.to_string(), "neither `hour` nor `day`; write one of them in lower case");

    for order in [Order::Ascending, Order::Descending] {
        assert_eq!(order.as_str().parse(), Ok(order));
    }
    let error = "ASC".parse::<Order>().unwrap_err();
    assert_eq!(error.to_string(), "neither `asc` nor `desc`; write one of them in lower case");
}

#[test]
fn counts_that_are_merged_are_as_if_counted_together() {
    let start = "2025-12-28T23:00:00Z".parse().unwrap();
    let all = [
        (Outcome::Duplicate, "2025-12-29T20:15:35.580Z", 5),
        (Outcome::Accepted, "2025-12-29T20:15:36.000Z", -3),
        (Outcome::Duplicate, "2025-12-29T20:15:34.000Z", 7),
        (Outcome::Accepted, "2025-12-29T20:15:37.000Z", 9),
        (Outcome::Duplicate, "2025-12-29T20:15:35.000Z", 8),
    ];
    let tally = |some: &[(Outcome, &str, i64)]| {
        let mut tally = Tally::default();
        some.iter().for_each(|(outcome, arrived, lag_ms)| tally.add(*outcome, time(arrived), *lag_ms));
        tally
    };
    for place in 0..=all.len() {
        let (mut merged, rest) = (tally(&all[..place]), tally(&all[place..]));
        merged.merge(&rest);
        assert_eq!(merged.bucket(start), tally(&all).bucket(start), "cut at {place}");
    }
}

#[test]
fn a_rejection_tells_every_problem_and_what_is_legible() {
    let body = br#"{"source":"demo","event_type":5,"entity_id":"","event_time":"2025-12-28T23:59:59Z","payload":{}}"#;
    let rejection = Event::parse(body).unwrap_err();
    let wrong = "wrong_type at /event_type: `event_type` is a number at line 1, column 31; send a string";
    assert_eq!(rejection.to_string(), format!("{wrong}; empty at /entity_id: `entity_id` is empty; give it a value"));
    assert!(Event::parse(b"").unwrap_err().to_string().starts_with("invalid_json: the text ends"));
    let legible = rejection.legible();
    assert_eq!((legible.source.as_deref(), &legible.event_type, &legible.entity_id), (Some("demo"), &None, &None));
    assert_eq!(legible.event_time.map(|time| time.to_string()).as_deref(), Some("2025-12-28T23:59:59Z"));
}

#[test]
fn the_longest_path_that_is_kept_is_kept_whole() {
    let longest = format!("/{}", "a".repeat(MAX_KEPT_PATH_BYTES - 1));
    for (path, kept) in [(&longest, &*longest), (&format!("{longest}/b"), &longest), (&format!("{longest}a"), "")] {
        let problem = Problem { code: Code::DuplicateKey, path: path.clone(), message: String::new() };
        assert_eq!(KeptError::of(&[problem])[0].path, kept);
    }
}

#[test]
fn a_body_that_ends_within_a_character_is_kept_whole() {
    let body = "a\u{e9}".as_bytes();
    assert_eq!(KeptBody::of(body).to_bytes(), body);
    assert_eq!(KeptBody::of(&body[..2]).to_bytes(), &body[..2]);
}
