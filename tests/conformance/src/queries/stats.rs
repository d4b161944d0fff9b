//! What happened in each hour or day.

use anyhow::{Result, ensure};
use pik_core::{Bucket, BucketWidth, EventTime, IngestTime, Investigate, Lags, StatsQuery};

use super::scene::Scene;
use crate::QueryBench;
use crate::sample::{Draft, Sample, at, later};

const HEARTBEAT: &str = "heartbeat";

fn asked(source: &str, from: &str, to: &str, width: BucketWidth) -> Result<StatsQuery> {
    Ok(StatsQuery::new(source, HEARTBEAT, from.parse()?, to.parse()?, width))
}

/// A bucket in which nothing happened.
fn nothing(start: &str) -> Result<Bucket> {
    let start: EventTime = start.parse()?;
    Ok(Bucket { start, accepted: 0, duplicate: 0, rejected: 0, lag_ms: None, first_arrival: None, last_arrival: None })
}

async fn expect<B: QueryBench>(bench: &B, query: &StatsQuery, expected: &[Bucket]) -> Result<()> {
    let found = bench.store().stats(query).await?;
    ensure!(found.len() == expected.len(), "{} buckets instead of {}", found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        ensure!(found == expected, "found {found:?} instead of {expected:?}");
    }
    Ok(())
}

fn draft(sample: Sample, event_time: &str, number: usize) -> Draft {
    Draft { source: sample.name(), event_time: event_time.to_owned(), ..sample.numbered(number) }
}

pub(crate) async fn empty<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let source = sample.name();
    let query = asked(&source, "2025-12-28T22:00:00Z", "2025-12-29T01:00:00Z", BucketWidth::Hour)?;
    let hours = [nothing("2025-12-28T22:00:00Z")?, nothing("2025-12-28T23:00:00Z")?, nothing("2025-12-29T00:00:00Z")?];
    expect(bench, &query, &hours).await?;
    let query = asked(&source, "2025-12-28T22:00:00Z", "2025-12-29T01:00:00Z", BucketWidth::Day)?;
    expect(bench, &query, &[nothing("2025-12-28T00:00:00Z")?, nothing("2025-12-29T00:00:00Z")?]).await?;
    let query = asked(&source, "2025-12-28T22:00:00Z", "2025-12-28T22:00:00Z", BucketWidth::Hour)?;
    expect(bench, &query, &[]).await
}

/// The first and the last instant of an hour belong to it; an hour without events stands between.
pub(crate) async fn edges<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let times = [
        "2025-12-28T21:59:59.999999999Z",
        "2025-12-28T22:00:00Z",
        "2025-12-29T00:00:00Z",
        "2025-12-29T01:59:59.999999999+01:00",
        "2025-12-29T01:00:00Z",
    ];
    for (number, time) in times.iter().enumerate() {
        scene.arrive_late(&draft(sample, time, number), 1_000 + number as i64).await?;
    }
    let lags = |p50, max| Some(Lags { p50, p95: max, p99: max, max });
    // 1,001 ms is told as the last millisecond of its bin, which is four wide, or as the greatest there is.
    let arrived = |text: &str| -> Result<Option<IngestTime>> { Ok(Some(at(text)?)) };
    let first = Bucket {
        accepted: 1,
        lag_ms: lags(1_001, 1_001),
        first_arrival: arrived("2025-12-28T22:00:01.001Z")?,
        last_arrival: arrived("2025-12-28T22:00:01.001Z")?,
        ..nothing("2025-12-28T22:00:00Z")?
    };
    let last = Bucket {
        accepted: 2,
        lag_ms: lags(1_003, 1_003),
        first_arrival: arrived("2025-12-29T00:00:01.002Z")?,
        last_arrival: arrived("2025-12-29T01:00:01.003Z")?,
        ..nothing("2025-12-29T00:00:00Z")?
    };
    let source = sample.name();
    let query = asked(&source, "2025-12-28T22:00:00Z", "2025-12-29T01:00:00Z", BucketWidth::Hour)?;
    expect(bench, &query, &[first.clone(), nothing("2025-12-28T23:00:00Z")?, last.clone()]).await?;
    // Bounds within a bucket take the whole of it.
    let query = asked(&source, "2025-12-28T22:30:00Z", "2025-12-29T00:00:00.000000001Z", BucketWidth::Hour)?;
    expect(bench, &query, &[first, nothing("2025-12-28T23:00:00Z")?, last]).await?;

    let days = [
        Bucket {
            accepted: 2,
            lag_ms: lags(1_001, 1_001),
            first_arrival: arrived("2025-12-28T22:00:01.000Z")?,
            last_arrival: arrived("2025-12-28T22:00:01.001Z")?,
            ..nothing("2025-12-28T00:00:00Z")?
        },
        Bucket {
            accepted: 3,
            lag_ms: lags(1_003, 1_004),
            first_arrival: arrived("2025-12-29T00:00:01.002Z")?,
            last_arrival: arrived("2025-12-29T01:00:01.004Z")?,
            ..nothing("2025-12-29T00:00:00Z")?
        },
        nothing("2025-12-30T00:00:00Z")?,
    ];
    let query = asked(&source, "2025-12-28T00:00:00Z", "2025-12-31T00:00:00Z", BucketWidth::Day)?;
    expect(bench, &query, &days).await
}

/// Duplicates are counted and move the arrivals, and leave the lags alone; what was told changes with what arrives.
pub(crate) async fn duplicates<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let time = "2025-12-28T23:30:00Z";
    let query = asked(&sample.name(), "2025-12-28T23:00:00Z", "2025-12-29T00:00:00Z", BucketWidth::Hour)?;
    let mut expected = nothing("2025-12-28T23:00:00Z")?;
    expect(bench, &query, std::slice::from_ref(&expected)).await?;
    let event_time = at(time)?;
    for (number, lag) in [(1, 40), (2, 20), (1, 90_000), (1, 10), (3, 30), (2, 50)] {
        let arrived = later(event_time, lag)?;
        let record = scene.arrive(&draft(sample, time, number), arrived).await?;
        if record.status.as_str() == "ACCEPTED" {
            expected.accepted += 1;
        } else {
            expected.duplicate += 1;
        }
        expected.first_arrival = Some(expected.first_arrival.map_or(arrived, |first| first.min(arrived)));
        expected.last_arrival = Some(expected.last_arrival.map_or(arrived, |last| last.max(arrived)));
        expected.lag_ms = Some(match expected.accepted {
            1 => Lags { p50: 40, p95: 40, p99: 40, max: 40 },
            2 => Lags { p50: 20, p95: 40, p99: 40, max: 40 },
            _ => Lags { p50: 30, p95: 40, p99: 40, max: 40 },
        });
        expect(bench, &query, std::slice::from_ref(&expected)).await?;
    }
    ensure!((expected.accepted, expected.duplicate) == (3, 3));
    Ok(())
}

/// The nearest rank, told as the end of a bin of at most 1/128 of the lag; the greatest is exact.
pub(crate) async fn percentiles<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    // In an order that is not theirs.
    for nth in 0..200_usize {
        let number = nth * 67 % 200;
        let lag = if number < 100 { number as i64 - 50 } else { number as i64 * 1_000 };
        let hour = if number < 100 { "2025-12-28T22:00:00Z" } else { "2025-12-28T23:00:00Z" };
        scene.arrive_late(&draft(sample, hour, number), lag).await?;
    }
    let query = asked(&sample.name(), "2025-12-28T22:00:00Z", "2025-12-29T00:00:00Z", BucketWidth::Hour)?;
    let lags: Vec<_> = bench.store().stats(&query).await?.iter().map(|bucket| bucket.lag_ms).collect();
    // 149,000 lies in 148,480 to 149,503; 194,000 in 193,536 to 194,559; 198,000 in 197,632 to 198,655.
    let small = Lags { p50: -1, p95: 44, p99: 48, max: 49 };
    let large = Lags { p50: 149_503, p95: 194_559, p99: 198_655, max: 199_000 };
    ensure!(lags == [Some(small), Some(large)], "found {lags:?} instead of {small:?} and {large:?}");

    let query = asked(&sample.name(), "2025-12-28T00:00:00Z", "2025-12-29T00:00:00Z", BucketWidth::Day)?;
    let found = bench.store().stats(&query).await?[0].lag_ms;
    // The 190th of 200 is 189,000, the 198th 197,000.
    let whole = Lags { p50: 49, p95: 189_439, p99: 197_631, max: 199_000 };
    ensure!(found == Some(whole), "found {found:?} instead of {whole:?}");
    Ok(())
}

pub(crate) async fn apart<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let time = "2025-12-28T23:30:00Z";
    let name = sample.name();
    let sources = ["", " ", "/", "%2F", "\u{e9}", "e\u{301}", "'"];
    for (number, odd) in sources.iter().enumerate() {
        for event in 0..=number {
            let draft = Draft { source: format!("{name}{odd}"), ..draft(sample, time, event) };
            scene.arrive_late(&draft, 10).await?;
        }
        // Of another type, with the source's name as its own.
        let other =
            Draft { source: HEARTBEAT.to_owned(), event_type: format!("{name}{odd}"), ..draft(sample, time, 0) };
        scene.arrive_late(&other, 20).await?;
    }
    for (number, odd) in sources.iter().enumerate() {
        let source = format!("{name}{odd}");
        let query = asked(&source, "2025-12-28T23:00:00Z", "2025-12-29T00:00:00Z", BucketWidth::Hour)?;
        let found = bench.store().stats(&query).await?;
        ensure!(found.len() == 1 && found[0].accepted == number as u64 + 1, "`{source}` has {found:?}");
        ensure!(found[0].lag_ms == Some(Lags { p50: 10, p95: 10, p99: 10, max: 10 }), "`{source}` has {found:?}");
    }
    Ok(())
}

pub(crate) async fn far_times<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let times = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.5Z"];
    for (number, time) in times.iter().enumerate() {
        scene.arrive(&draft(sample, time, number), at("2025-12-29T20:15:35.580Z")?).await?;
    }
    let windows = [
        ("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", 63_902_636_135_580),
        ("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z", 1_767_039_335_580),
        ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999999Z", -251_635_261_463_920),
    ];
    for (from, to, lag) in windows {
        for width in [BucketWidth::Hour, BucketWidth::Day] {
            let found = bench.store().stats(&asked(&sample.name(), from, to, width)?).await?;
            let counted: Vec<_> = found.iter().filter(|bucket| bucket.accepted == 1).collect();
            ensure!(found.len() == if width == BucketWidth::Hour { 24 } else { 1 }, "{} buckets", found.len());
            ensure!(counted.len() == 1, "{} buckets have an event", counted.len());
            let lags = counted[0].lag_ms;
            ensure!(lags == Some(Lags { p50: lag, p95: lag, p99: lag, max: lag }), "{lags:?} instead of {lag}");
        }
    }
    Ok(())
}
