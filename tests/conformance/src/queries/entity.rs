//! One entity through time.

use anyhow::Result;
use pik_core::{MAX_ENTITY_ID_BYTES, Outcome, Query};

use super::scene::Scene;
use super::walk::expect;
use crate::QueryBench;
use crate::sample::{Draft, Sample, at, later};

fn all_of(entity_id: &str) -> Query {
    Query::Entity { entity_id: entity_id.to_owned(), from: None, to: None, status: None }
}

fn between(entity_id: &str, from: Option<&str>, to: Option<&str>) -> Result<Query> {
    let parsed = |time: Option<&str>| time.map(str::parse).transpose();
    Ok(Query::Entity { entity_id: entity_id.to_owned(), from: parsed(from)?, to: parsed(to)?, status: None })
}

/// In order of time, which is not their order as text: `.` sorts before `Z`, and `-` before digits.
const TIMES: [&str; 9] = [
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00Z",
    "2025-12-28T23:59:58.999999999Z",
    "2025-12-28T23:59:59Z",
    "2025-12-28T23:59:59.000000001Z",
    "2025-12-28T23:59:59.5Z",
    "2025-12-28T23:59:59.51Z",
    "9999-12-31T23:59:59.999999999Z",
];

pub(crate) async fn in_order<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    // Sent in an order that is neither theirs nor its reverse.
    let mut records = Vec::new();
    for nth in 0..TIMES.len() {
        let time = TIMES[nth * 5 % TIMES.len()];
        let draft = Draft { event_time: time.to_owned(), ..sample.draft() };
        records.push(scene.arrive(&draft, later(start, nth as i64)?).await?);
    }
    records.sort_by_key(|record| record.event_time);
    expect(bench, &all_of(&sample.name()), &records).await
}

pub(crate) async fn one_instant<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let mut records = Vec::new();
    for number in 0..8 {
        records.push(scene.arrive(&sample.numbered(number), start).await?);
    }
    for (number, after_ms) in [(3, 10), (5, 11), (3, 12), (3, 13)] {
        records.push(scene.arrive(&sample.numbered(number), later(start, after_ms)?).await?);
    }
    records.sort_by_key(|record| (record.event_id, record.ingest_time));
    expect(bench, &all_of(&sample.name()), &records).await
}

pub(crate) async fn bounds<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let mut records = Vec::new();
    for (nth, time) in TIMES.iter().enumerate() {
        let draft = Draft { event_time: (*time).to_owned(), ..sample.draft() };
        records.push(scene.arrive(&draft, later(start, nth as i64)?).await?);
    }
    let id = sample.name();
    for from in 0..TIMES.len() {
        expect(bench, &between(&id, Some(TIMES[from]), None)?, &records[from..]).await?;
        expect(bench, &between(&id, None, Some(TIMES[from]))?, &records[..from]).await?;
        for to in 0..TIMES.len() {
            let within = if from < to { &records[from..to] } else { &[] };
            expect(bench, &between(&id, Some(TIMES[from]), Some(TIMES[to]))?, within).await?;
        }
    }
    // Between two of them, a nanosecond aside.
    expect(bench, &between(&id, Some("2025-12-28T23:59:59.000000002Z"), None)?, &records[6..]).await?;
    expect(bench, &between(&id, None, Some("2025-12-28T23:59:59.000000002Z"))?, &records[..6]).await
}

pub(crate) async fn status<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let mut records = Vec::new();
    for (nth, (number, second)) in [(0, 3), (1, 5), (0, 3), (2, 4), (1, 5), (0, 3)].into_iter().enumerate() {
        let draft = Draft { event_time: format!("2025-12-28T23:59:0{second}Z"), ..sample.numbered(number) };
        records.push(scene.arrive(&draft, later(start, nth as i64)?).await?);
    }
    records.sort_by_key(|record| (record.event_time, record.ingest_time));
    for (status, word) in [(None, ""), (Some(Outcome::Accepted), "ACCEPTED"), (Some(Outcome::Duplicate), "DUPLICATE")] {
        let query = Query::Entity { entity_id: sample.name(), from: None, to: None, status };
        let kept = records.iter().filter(|record| word.is_empty() || record.status.as_str() == word);
        expect(bench, &query, &kept.cloned().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// What a store's comparison of text may take for one, or for a pattern.
pub(crate) async fn odd_names<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let name = sample.name();
    let mut names: Vec<String> =
        ["", " ", "%", "_", "*", "'", "''", "\"", "\\", "#", "#2025-12-28", "/", "|", "\u{e9}"]
            .iter()
            .map(|odd| format!("{name}{odd}"))
            .collect();
    names.extend([format!("{name}e\u{301}"), format!(" {name}"), name.to_uppercase()]);
    let longest = format!("{name}{}", "\u{20ac}".repeat((MAX_ENTITY_ID_BYTES - name.len()) / 3));
    names.push(longest.chars().take(longest.chars().count() - 1).collect());
    names.push(longest);
    let mut records = Vec::new();
    for (nth, entity_id) in names.iter().enumerate() {
        let draft = Draft { entity_id: entity_id.clone(), ..sample.draft() };
        records.push(scene.arrive(&draft, later(start, nth as i64)?).await?);
    }
    for (entity_id, record) in names.iter().zip(&records) {
        expect(bench, &all_of(entity_id), std::slice::from_ref(record)).await?;
    }
    for nobody in [format!("{name}x"), name[..name.len() - 1].to_owned(), format!("{name}%_")] {
        expect(bench, &all_of(&nobody), &[]).await?;
    }
    Ok(())
}
