//! The latest arrivals of a type and day.

use anyhow::{Result, ensure};
use pik_core::Query;

use super::scene::Scene;
use super::walk::{expect, same_by, same_set, walk};
use crate::QueryBench;
use crate::sample::{Draft, Sample};

const DAY: &str = "2025-12-28";

fn day_of(source: &str, event_type: &str, day: &str, min_lag_ms: Option<i64>) -> Result<Query> {
    let event_date = format!("{day}T00:00:00Z").parse()?;
    Ok(Query::Lag { source: source.to_owned(), event_type: event_type.to_owned(), event_date, min_lag_ms })
}

/// An event of a source that this check alone has.
fn draft(sample: Sample, number: usize) -> Draft {
    Draft { source: sample.name(), ..sample.numbered(number) }
}

/// From the worst to the least: as text, 9 comes after 10 and -9 before -10.
const LAGS: [i64; 14] = [36_500 * 86_400_000, 72_936_580, 1_000, 100, 99, 10, 9, 2, 1, 0, -1, -9, -10, -86_400_000];

pub(crate) async fn in_order<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let mut records = Vec::new();
    for nth in 0..LAGS.len() {
        let number = nth * 5 % LAGS.len();
        records.push(scene.arrive_late(&draft(sample, number), LAGS[number]).await?);
        // A later occurrence, however late, is not what is asked for.
        scene.arrive_late(&draft(sample, number), 1_000_000_000 + LAGS[number]).await?;
    }
    records.sort_by_key(|record| -record.ingest_lag_ms);
    ensure!(records.iter().map(|record| record.ingest_lag_ms).eq(LAGS));
    let source = sample.name();
    expect(bench, &day_of(&source, "heartbeat", DAY, None)?, &records).await?;
    for (nth, lag) in LAGS.into_iter().enumerate() {
        expect(bench, &day_of(&source, "heartbeat", DAY, Some(lag))?, &records[..=nth]).await?;
        if !LAGS.contains(&(lag + 1)) {
            expect(bench, &day_of(&source, "heartbeat", DAY, Some(lag + 1))?, &records[..nth]).await?;
        }
    }
    expect(bench, &day_of(&source, "heartbeat", DAY, Some(i64::MAX))?, &[]).await?;
    expect(bench, &day_of(&source, "heartbeat", DAY, Some(i64::MIN))?, &records).await
}

pub(crate) async fn one_day<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let times = [
        "2025-12-27T23:59:59.999999999Z",
        "2025-12-28T00:00:00Z",
        "2025-12-29T00:59:59.999999999+01:00",
        "2025-12-29T00:00:00Z",
    ];
    let mut records = Vec::new();
    for (number, time) in times.iter().enumerate() {
        let draft = Draft { event_time: (*time).to_owned(), ..draft(sample, number) };
        records.push(scene.arrive_late(&draft, 100 - number as i64).await?);
    }
    let source = sample.name();
    for (day, within) in [("2025-12-27", 0..1), (DAY, 1..3), ("2025-12-29", 3..4), ("2025-12-30", 4..4)] {
        expect(bench, &day_of(&source, "heartbeat", day, None)?, &records[within]).await?;
    }
    Ok(())
}

/// Sources and types that may become one where they are joined or escaped.
pub(crate) async fn odd_names<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let name = sample.name();
    let pairs = [
        ("a", "b"),
        ("A", "b"),
        ("a ", "b"),
        ("a", " b"),
        ("a/event_type=b", "c"),
        ("a", "b/event_type=c"),
        ("a%2Fb", "c"),
        ("a/b", "c"),
        ("\u{e9}", "e\u{301}"),
        ("e\u{301}", "\u{e9}"),
        ("'", "\""),
        ("#3", "%"),
        ("", "__HIVE_DEFAULT_PARTITION__"),
        ("", "%5F_HIVE_DEFAULT_PARTITION__"),
    ];
    let mut records = Vec::new();
    for (number, (source, event_type)) in pairs.iter().enumerate() {
        let (source, event_type) = (format!("{name}{source}"), (*event_type).to_owned());
        let draft = Draft { source, event_type, ..draft(sample, 0) };
        records.push(scene.arrive_late(&draft, number as i64).await?);
    }
    for ((source, event_type), record) in pairs.iter().zip(&records) {
        let query = day_of(&format!("{name}{source}"), event_type, DAY, None)?;
        expect(bench, &query, std::slice::from_ref(record)).await?;
    }
    expect(bench, &day_of(&format!("{name}b"), "a", DAY, None)?, &[]).await
}

/// Many with the same lag: all of them, each once, whatever the page, and in one order.
pub(crate) async fn ties<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const EVENTS: usize = 33;
    let mut scene = Scene::new(bench, sample);
    let mut records = Vec::new();
    for number in 0..EVENTS {
        records.push(scene.arrive_late(&draft(sample, number), [10, 9, -1][number % 3]).await?);
    }
    let query = day_of(&sample.name(), "heartbeat", DAY, None)?;
    let whole = walk(bench, &query, EVENTS + 1).await?;
    let lags: Vec<i64> = whole.iter().map(|record| record.ingest_lag_ms).collect();
    ensure!(lags.is_sorted_by(|one, next| one >= next), "the lags are {lags:?}");
    same_set(&whole, &records)?;
    for limit in 1..=EVENTS {
        same_by(bench, &query, limit, &whole).await?;
    }
    Ok(())
}
