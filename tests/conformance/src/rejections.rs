//! Evidence of refused events: what is kept, merged, found, counted and removed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow, ensure};
use pik_core::{
    BodyHash, BucketWidth, Code, CountedCode, CountedUnder, Event, EventTime, Evidence, IngestTime, KeptBody,
    KeptError, MAX_REJECTED_STREAMS, Refusals, RejectedHours, RejectedStream, RejectionBounds, RejectionKey,
    RejectionQuery, RejectionRecord, Rejections, StatsQuery, Stream, count_stream, hour_of, list_streams,
};

use crate::QueryBench;
use crate::sample::{Sample, later};

const TYPE: &str = "heartbeat";
const AN_HOUR: i64 = 3_600_000;
const A_DAY: i64 = 24 * AN_HOUR;

/// A record of this check, refused at a moment.
fn record(sample: Sample, number: usize, time: IngestTime) -> Result<RejectionRecord> {
    let body = format!(r#"{{"source":"{}","event_type":"{TYPE}","payload":{number}}}"#, sample.name());
    let Err(rejection) = Event::parse(body.as_bytes()) else { return Err(anyhow!("a body without a time is refused")) };
    let mut sha256 = [0; 32];
    // No check looks at what was hashed.
    for (byte, text) in sha256.iter_mut().zip(format!("{number:08}{}", sample.name()).bytes()) {
        *byte = text;
    }
    sha256[24..].copy_from_slice(&sample.nonce().to_be_bytes());
    Ok(RejectionRecord {
        first_time: time,
        last_time: time,
        count: 1,
        request_id: format!("{}-{number}", sample.nonce()),
        index: Some(number as u64),
        errors: KeptError::of(rejection.problems()),
        length: body.len() as u64,
        sha256: BodyHash::from_bytes(sha256),
        legible: rejection.legible().clone(),
        token: None,
        user_agent: Some("conformance/1".to_owned()),
        body: None,
    })
}

fn evidence(records: Vec<RejectionRecord>, now: IngestTime) -> Evidence {
    Evidence { records, counts: BTreeMap::new(), bounds: RejectionBounds::default(), now }
}

async fn keep<B: QueryBench>(bench: &B, evidence: Evidence) -> Result<()> {
    bench.store().keep(evidence).await.map_err(|not_kept| anyhow!("not kept: {}", not_kept.error))
}

/// All of this check.
fn of(sample: Sample) -> Result<RejectionQuery> {
    let from = sample.midnight()?;
    Ok(RejectionQuery { from, to: later(from, A_DAY)?, source: Some(sample.name()), code: None })
}

/// All pages of an answer.
async fn all<B: QueryBench>(bench: &B, query: &RejectionQuery, limit: usize) -> Result<Vec<RejectionRecord>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = bench.store().rejections(query, after, limit).await?;
        ensure!(page.records.len() <= limit, "{} records on a page of {limit}", page.records.len());
        found.extend(page.records);
        match page.next {
            None => return Ok(found),
            next => {
                ensure!(next != after, "a page leads back to itself");
                after = next;
            }
        }
    }
}

fn same(found: &[RejectionRecord], expected: &[RejectionRecord]) -> Result<()> {
    for (found, expected) in found.iter().zip(expected) {
        ensure!(found == expected, "found {found:?} instead of {expected:?}");
    }
    ensure!(found.len() == expected.len(), "{} records instead of {}", found.len(), expected.len());
    Ok(())
}

/// A record is found as it was kept, with every member and with none.
pub(crate) async fn complete<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let now = sample.midnight()?;
    let plain = record(sample, 0, now)?;
    let mut full = record(sample, 1, later(now, 1)?)?;
    full.legible.entity_id = Some("user \u{e9}'\"".repeat(100));
    full.legible.event_time = Some("2025-12-28T23:59:59.123456789Z".parse()?);
    full.token = Some("ship\"per".to_owned());
    full.errors = vec![
        KeptError { code: Code::MissingOffset, path: "/event_time".to_owned() },
        KeptError { code: Code::DuplicateKey, path: "/payload/\n\u{1b}[2J\"{\"code\":\"empty\",'/~1".to_owned() },
    ];
    full.body = Some(KeptBody::of("{\"a\":\"\u{1b}[2J\u{0}\u{ffff}\"".as_bytes()));
    let mut bytes = record(sample, 2, later(now, 2)?)?;
    (bytes.index, bytes.user_agent, bytes.count) = (None, None, 41);
    bytes.body = Some(KeptBody::of(&[0xff, 0x00, 0x80, 0xfe]));
    keep(bench, evidence(vec![plain.clone(), full.clone(), bytes.clone()], now)).await?;
    same(&all(bench, &of(sample)?, 10).await?, &[bytes, full, plain])
}

/// Equal bytes with equal codes have one record; with other codes they have two.
pub(crate) async fn merged<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let now = sample.midnight()?;
    let mut expected = record(sample, 0, now)?;
    let mut other_codes = record(sample, 0, later(now, 50)?)?;
    other_codes.errors = vec![KeptError { code: Code::Empty, path: "/event_type".to_owned() }];
    keep(bench, evidence(vec![expected.clone()], now)).await?;
    for (number, millisecond) in [(1, 3_000), (2, 2_000), (3, 1_000)] {
        let mut again = record(sample, 0, later(now, millisecond)?)?;
        again.request_id = format!("another-{number}");
        again.count = number;
        again.body = (number == 2).then(|| KeptBody::of(b"kept later"));
        keep(bench, evidence(vec![again, other_codes.clone()], later(now, millisecond)?)).await?;
    }
    expected.count = 7;
    expected.last_time = later(now, 3_000)?;
    expected.body = Some(KeptBody::of(b"kept later"));
    let expected_other = RejectionRecord { count: 3, ..other_codes };
    same(&all(bench, &of(sample)?, 10).await?, &[expected_other, expected])
}

/// Newest first, page by page, two of one millisecond among them; nothing is missing or repeated.
pub(crate) async fn in_order<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const RECORDS: usize = 2_500;
    let now = sample.midnight()?;
    let mut expected = Vec::new();
    for number in 0..RECORDS {
        // In an order that is not theirs.
        let shuffled = number * 1_237 % RECORDS;
        expected.push(record(sample, number, later(now, (shuffled / 2) as i64)?)?);
    }
    for some in expected.chunks(500) {
        keep(bench, evidence(some.to_vec(), now)).await?;
    }
    expected.sort_by_key(|record| std::cmp::Reverse(record.place()));
    // Pages of an odd number part two of one millisecond.
    for limit in [1_000, 701] {
        same(&all(bench, &of(sample)?, limit).await?, &expected)?;
    }
    let page = bench.store().rejections(&of(sample)?, None, 3).await?;
    ensure!(!page.records.is_empty(), "an empty first page");
    let newer = record(sample, RECORDS, later(now, 10_000)?)?;
    let mut again = expected[100].clone();
    again.last_time = later(now, 10_000)?;
    keep(bench, evidence(vec![newer, again], later(now, 10_000)?)).await?;
    let rest = bench.store().rejections(&of(sample)?, page.next, 200).await?.records;
    let expected: Vec<RejectionKey> =
        expected[page.records.len()..][..rest.len()].iter().map(RejectionRecord::key).collect();
    ensure!(rest.iter().map(RejectionRecord::key).eq(expected), "what came meanwhile disturbs the next page");
    Ok(())
}

/// By window, source and code.
pub(crate) async fn filtered<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let now = sample.midnight()?;
    let mut first = record(sample, 0, now)?;
    first.last_time = later(now, 5_000)?;
    let mut second = record(sample, 1, later(now, 1_000)?)?;
    second.errors = vec![
        KeptError { code: Code::Empty, path: "/entity_id".to_owned() },
        KeptError { code: Code::InvalidTime, path: "/event_time".to_owned() },
    ];
    let mut other = record(sample, 2, later(now, 2_000)?)?;
    other.legible.source = Some(format!("{}'%_", sample.name()));
    let mut unknown = record(sample, 3, later(now, 3_000)?)?;
    unknown.legible.source = None;
    let records = [first, second, other, unknown];
    keep(bench, evidence(records.to_vec(), later(now, 5_000)?)).await?;

    let window = |from: i64, to: i64| -> Result<RejectionQuery> {
        Ok(RejectionQuery { from: later(now, from)?, to: later(now, to)?, source: None, code: None })
    };
    let source = |query: RejectionQuery, source: &str| RejectionQuery { source: Some(source.to_owned()), ..query };
    let code = |query: RejectionQuery, code: Code| RejectionQuery { code: Some(code), ..query };
    let name = sample.name();
    let cases = [
        (window(0, 10_000)?, vec![3, 2, 1, 0]),
        (window(0, 1)?, vec![0]),
        (window(2_001, 3_000)?, vec![0]),
        (window(5_000, 5_001)?, vec![0]),
        (window(5_001, 6_000)?, vec![]),
        (source(window(0, 10_000)?, &name), vec![1, 0]),
        (source(window(0, 10_000)?, &format!("{name}'%_")), vec![2]),
        (source(window(0, 10_000)?, &format!("{name}%")), vec![]),
        (code(window(0, 10_000)?, Code::InvalidTime), vec![1]),
        (code(window(0, 10_000)?, Code::MissingField), vec![3, 2, 0]),
        (code(source(window(0, 10_000)?, &name), Code::Empty), vec![1]),
        (code(window(0, 10_000)?, Code::TooDeep), vec![]),
    ];
    for (query, numbers) in cases {
        let expected: Vec<RejectionRecord> = numbers.iter().map(|number: &usize| records[*number].clone()).collect();
        same(&all(bench, &query, 3).await?, &expected).map_err(|error| anyhow!("{query:?}: {error}"))?;
    }
    Ok(())
}

fn under(sample: Sample, hour: IngestTime, event_type: Option<&str>, code: Code) -> CountedUnder {
    let code = CountedCode::Rejected(code);
    CountedUnder { hour: hour_of(hour), source: Some(sample.name()), event_type: event_type.map(str::to_owned), code }
}

fn refusals(count: u64, unrecorded: u64) -> Refusals {
    Refusals { count, unrecorded }
}

/// Counts of hours, codes, sources and types add up.
pub(crate) async fn counted<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let start = sample.midnight()?;
    let second = later(start, AN_HOUR)?;
    let counts = BTreeMap::from([
        (under(sample, start, Some(TYPE), Code::MissingField), refusals(5, 1)),
        (under(sample, start, Some("other"), Code::MissingField), refusals(7, 0)),
        (under(sample, start, None, Code::Empty), refusals(11, 11)),
        (under(sample, second, Some(TYPE), Code::MissingField), refusals(13, 0)),
    ]);
    for now in [start, later(second, 5)?] {
        keep(bench, Evidence { counts: counts.clone(), ..evidence(Vec::new(), now) }).await?;
    }
    let asked = |from: i64, to: i64, event_type: Option<&str>| -> Result<RejectedHours> {
        let event_type = event_type.map(str::to_owned);
        Ok(RejectedHours { from: later(start, from)?, to: later(start, to)?, source: Some(sample.name()), event_type })
    };
    let (missing, empty) = (Code::MissingField, Code::Empty);
    let cases = [
        (asked(0, 2 * AN_HOUR, None)?, vec![(start, missing, 24, 2), (start, empty, 22, 22), (second, missing, 26, 0)]),
        // Hours are whole.
        (asked(AN_HOUR - 1, AN_HOUR, None)?, vec![(start, missing, 24, 2), (start, empty, 22, 22)]),
        (asked(AN_HOUR, 2 * AN_HOUR, None)?, vec![(second, missing, 26, 0)]),
        (asked(0, 2 * AN_HOUR, Some(TYPE))?, vec![(start, missing, 10, 2), (second, missing, 26, 0)]),
        (asked(0, 2 * AN_HOUR, Some("none"))?, vec![]),
    ];
    for (query, expected) in cases {
        let found = bench.store().rejected_hours(&query).await?;
        let found: Vec<_> =
            found.iter().map(|hour| (hour.hour, hour.code, hour.refusals.count, hour.refusals.unrecorded)).collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(hour, code, count, unrecorded)| (hour, CountedCode::Rejected(code), count, unrecorded))
            .collect();
        ensure!(found == expected, "{query:?}: found {found:?} instead of {expected:?}");
    }

    let name = sample.name();
    let before = (name.as_str(), "");
    let streams = bench.store().rejected_streams(Some(before), 2).await?;
    let total = |event_type: &str, count: u64| -> Result<RejectedStream> {
        let (source, event_type) = (name.clone(), event_type.to_owned());
        Ok(RejectedStream { source, event_type, count, first_time: start, last_time: later(second, 5)? })
    };
    let expected = [total(TYPE, 36)?, total("other", 14)?];
    ensure!(streams == expected, "found {streams:?} instead of {expected:?}");
    let first = bench.store().rejected_streams(Some(before), 1).await?;
    ensure!(first == expected[..1], "found {first:?} instead of the first");
    let behind = bench.store().rejected_streams(Some((&name, TYPE)), 1).await?;
    ensure!(behind == expected[1..], "found {behind:?} behind the first");
    Ok(())
}

/// What was refused of a stream stands in its hours and days, and in the list of streams.
pub(crate) async fn of_stream<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let start = sample.midnight()?;
    let hour = |hours: i64| later(start, hours * AN_HOUR);
    let mut counts = BTreeMap::from([
        (under(sample, start, Some(TYPE), Code::MissingField), refusals(5, 1)),
        (under(sample, hour(1)?, Some(TYPE), Code::MissingField), refusals(2, 0)),
        (under(sample, hour(1)?, Some(TYPE), Code::Empty), refusals(1, 0)),
        (under(sample, hour(25)?, Some(TYPE), Code::Empty), refusals(2, 0)),
        (under(sample, hour(1)?, None, Code::Empty), refusals(11, 0)),
        (under(sample, hour(1)?, Some("heartbeats"), Code::Empty), refusals(13, 0)),
    ]);
    // More than a page of types lies before it.
    for number in 0..40 {
        counts.insert(under(sample, start, Some(&format!("heartbea{number:02}")), Code::Empty), refusals(17, 0));
    }
    keep(bench, Evidence { counts, ..evidence(Vec::new(), hour(25)?) }).await?;

    let moment = |time: IngestTime| -> Result<EventTime> { Ok(time.to_string().parse()?) };
    let rejected = async |event_type: &str, from: IngestTime, to: IngestTime, width: BucketWidth| -> Result<_> {
        let query = StatsQuery::new(sample.name(), event_type, moment(from)?, moment(to)?, width);
        let counts: Vec<u64> =
            count_stream(bench.store(), &query).await?.iter().map(|bucket| bucket.rejected).collect();
        ensure!(counts.len() == query.buckets(), "{} buckets instead of {}", counts.len(), query.buckets());
        Ok(counts)
    };
    let hours = rejected(TYPE, start, hour(26)?, BucketWidth::Hour).await?;
    let mut expected = vec![0; 26];
    (expected[0], expected[1], expected[25]) = (5, 3, 2);
    ensure!(hours == expected, "refused by hour: {hours:?}");
    let part = rejected(TYPE, later(hour(1)?, 5)?, later(hour(1)?, 6)?, BucketWidth::Hour).await?;
    ensure!(part == [3], "a part of an hour: {part:?}");
    let days = rejected(TYPE, start, hour(48)?, BucketWidth::Day).await?;
    ensure!(days == [8, 2], "refused by day: {days:?}");
    let years = rejected(TYPE, later(start, -1_000 * A_DAY)?, later(start, 1_000 * A_DAY)?, BucketWidth::Day).await?;
    ensure!(years.iter().sum::<u64>() == 10, "refused in years: {}", years.iter().sum::<u64>());
    let none = rejected("heartbea", start, hour(26)?, BucketWidth::Hour).await?;
    ensure!(none == [0; 26], "refused of a type of which nothing was: {none:?}");

    let before = Stream::named(sample.name(), "heartbea39").position();
    let page = list_streams(bench.store(), Some(&before), 2).await?;
    let listed: Vec<(&str, u64)> =
        page.items.iter().map(|stream| (stream.event_type.as_str(), stream.rejected)).collect();
    ensure!(listed == [(TYPE, 10), ("heartbeats", 13)], "listed as {listed:?}");
    Ok(())
}

/// An hour tells a bounded number of sources apart; those beyond are counted all the same.
pub(crate) async fn bounded_counts<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const MORE: usize = 50;
    let hour = hour_of(sample.midnight()?);
    let sources: BTreeSet<String> =
        (0..MAX_REJECTED_STREAMS + MORE).map(|number| format!("{}-{number:04}", sample.name())).collect();
    let code = CountedCode::Rejected(Code::TooLong);
    let of_source =
        |source: &String| (CountedUnder { hour, source: Some(source.clone()), event_type: None, code }, refusals(1, 0));
    let sources: Vec<String> = sources.into_iter().collect();
    for some in sources.chunks(600) {
        let counts = some.iter().map(of_source).collect();
        keep(bench, Evidence { counts, ..evidence(Vec::new(), hour) }).await?;
    }
    let query = RejectedHours { from: hour, to: later(hour, 1)?, source: None, event_type: None };
    let all = bench.store().rejected_hours(&query).await?;
    let count: u64 = all.iter().map(|hour| hour.refusals.count).sum();
    ensure!(count == (MAX_REJECTED_STREAMS + MORE) as u64, "{count} are counted");
    let last = RejectedHours { source: sources.last().cloned(), ..query };
    let apart = bench.store().rejected_hours(&last).await?;
    ensure!(apart.is_empty(), "{apart:?} is told apart beyond the bound");
    Ok(())
}

/// Records beyond a bound go, the longest unseen first; counts stay.
pub(crate) async fn evicted<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let now = sample.midnight()?;
    // Other checks have days far in the future.
    let none = RejectionBounds { records: 0, ..RejectionBounds::default() };
    keep(bench, Evidence { bounds: none, ..evidence(Vec::new(), now) }).await?;
    let mut records = Vec::new();
    for number in 0..700 {
        records.push(record(sample, number, later(now, number as i64)?)?);
    }
    let counts = BTreeMap::from([(under(sample, now, Some(TYPE), Code::MissingField), refusals(700, 0))]);
    keep(bench, Evidence { counts, ..evidence(records.clone(), now) }).await?;

    // Seen again, the first one is among the newest.
    let again = RejectionRecord { last_time: later(now, 1_000)?, ..records[0].clone() };
    let bounds = RejectionBounds { records: 10, ..RejectionBounds::default() };
    keep(bench, Evidence { bounds, ..evidence(vec![again.clone()], later(now, 1_000)?) }).await?;
    let mut expected: Vec<RejectionRecord> = records[691..].iter().rev().cloned().collect();
    expected.push(RejectionRecord { count: 2, ..again });
    same(&all(bench, &of(sample)?, 100).await?, &expected)?;

    let bytes = expected[0].size() + expected[9].size();
    let bounds = RejectionBounds { bytes, ..RejectionBounds::default() };
    keep(bench, Evidence { bounds, ..evidence(Vec::new(), later(now, 1_000)?) }).await?;
    same(&all(bench, &of(sample)?, 100).await?, &[expected[0].clone(), expected[9].clone()])?;

    let bounds = RejectionBounds { age_ms: 1_000, ..RejectionBounds::default() };
    keep(bench, Evidence { bounds, ..evidence(Vec::new(), later(now, 2_000)?) }).await?;
    same(&all(bench, &of(sample)?, 100).await?, &expected[9..])?;
    keep(bench, Evidence { bounds, ..evidence(Vec::new(), later(now, 2_001)?) }).await?;
    same(&all(bench, &of(sample)?, 100).await?, &[])?;

    let hours = RejectedHours { from: now, to: later(now, 1)?, source: Some(sample.name()), event_type: None };
    let counted = bench.store().rejected_hours(&hours).await?;
    ensure!(counted.len() == 1 && counted[0].refusals == refusals(700, 0), "counted {counted:?} after all are gone");
    Ok(())
}

/// What was kept is there after the store was opened again, and is merged into.
pub(crate) async fn after_reopening<B: QueryBench>(bench: &mut B, sample: Sample) -> Result<()> {
    let now = sample.midnight()?;
    let kept = record(sample, 0, now)?;
    let counts = BTreeMap::from([(under(sample, now, Some(TYPE), Code::MissingField), refusals(1, 0))]);
    let evidence = Evidence { counts, ..evidence(vec![kept.clone()], now) };
    keep(bench, evidence.clone()).await?;
    let before = all(bench, &of(sample)?, 10).await?;
    same(&before, std::slice::from_ref(&kept))?;
    bench.reopen().await?;
    // Memory has nothing that it could be opened on again, and keeps what it has.
    same(&all(bench, &of(sample)?, 10).await?, &before)?;
    keep(bench, evidence).await?;
    same(&all(bench, &of(sample)?, 10).await?, &[RejectionRecord { count: 2, ..kept }])?;
    let hours =
        RejectedHours { from: now, to: later(now, 1)?, source: Some(sample.name()), event_type: Some(TYPE.to_owned()) };
    let counted = bench.store().rejected_hours(&hours).await?;
    ensure!(counted.len() == 1 && counted[0].refusals == refusals(2, 0), "counted {counted:?}");
    Ok(())
}
