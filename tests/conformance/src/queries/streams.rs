//! Which sources and types there are.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use pik_core::{Investigate, Position, Stream, has_stream};

use super::scene::Scene;
use crate::QueryBench;
use crate::sample::{Draft, Sample, at};

/// The streams of this check and run: others may be in the store.
pub(super) async fn own<B: QueryBench>(bench: &B, sample: Sample, limit: usize) -> Result<Vec<Stream>> {
    let (mut own, mut before, mut after): (Vec<Stream>, Option<Stream>, Option<Position>) = (Vec::new(), None, None);
    loop {
        let page = bench.store().streams(after.as_ref(), limit).await?;
        ensure!(page.items.len() <= limit.max(1), "{} streams instead of {limit}", page.items.len());
        for stream in page.items {
            if let Some(before) = &before {
                let names = |stream: &Stream| (stream.source.clone(), stream.event_type.clone());
                ensure!(names(before) < names(&stream), "{stream:?} comes behind {before:?}");
            }
            if stream.source.starts_with(&sample.name()) {
                own.push(stream.clone());
            }
            before = Some(stream);
        }
        match page.next {
            None => return Ok(own),
            next => after = next,
        }
    }
}

/// Names that sort otherwise when they are joined, escaped, or compared as JavaScript does.
const ODD: [(&str, &str); 9] = [
    ("", "t"),
    ("", "t "),
    (" ", "t"),
    ("!", "\u{ffee}"),
    ("!", "\u{1f600}"),
    ("/", "t"),
    ("/event_type=t", "x"),
    ("%2F", "t"),
    ("'", "\"; --"),
];

/// Each stream once, in order, whatever the size of a page, with what is counted of it.
pub(crate) async fn listed<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let mut expected: BTreeMap<(String, String), Stream> = BTreeMap::new();
    ensure!(own(bench, sample, 1_000).await?.is_empty(), "streams before any event");
    let arrivals = ["2025-12-29T12:00:00.000Z", "2025-12-29T11:00:00.000Z", "2025-12-29T13:00:00.000Z"];
    for (number, (source, event_type)) in ODD.iter().enumerate() {
        for (nth, arrived) in arrivals.iter().enumerate().take(1 + number % 3) {
            let hour = 23 - nth;
            let draft = Draft {
                source: format!("{}{source}", sample.name()),
                event_type: (*event_type).to_owned(),
                event_time: format!("2025-12-28T{hour}:00:00.5Z"),
                ..sample.numbered(nth % 2)
            };
            let record = scene.arrive(&draft, at(arrived)?).await?;
            let stream = expected.entry((record.source.clone(), record.event_type.clone()));
            let stream = stream.or_insert_with(|| Stream::named(&record.source, &record.event_type));
            stream.accepted = Some(stream.accepted.unwrap_or(0) + 1);
            stream.duplicate = Some(0);
            let first = stream.first_arrival.map_or(record.ingest_time, |first| first.min(record.ingest_time));
            stream.first_arrival = Some(first);
            stream.last_arrival = stream.last_arrival.max(Some(record.ingest_time));
            stream.last_event_time = stream.last_event_time.max(Some(record.event_time));
        }
    }
    // The first event of all, again and last.
    let draft = Draft {
        source: sample.name(),
        event_type: "t".to_owned(),
        event_time: "2025-12-28T23:00:00.5Z".to_owned(),
        ..sample.numbered(0)
    };
    scene.arrive(&draft, at("2025-12-30T00:00:00.000Z")?).await?;
    let first = expected.get_mut(&(sample.name(), "t".to_owned())).context("the first stream")?;
    first.duplicate = Some(1);
    first.last_arrival = Some(at("2025-12-30T00:00:00.000Z")?);

    for limit in [0, 3, 1_000] {
        let found = own(bench, sample, limit).await?;
        ensure!(found.len() == expected.len(), "{} streams instead of {}: {found:?}", found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected.values()) {
            let names = Stream::named(&expected.source, &expected.event_type);
            ensure!(found == expected || *found == names, "found {found:?} instead of {expected:?}");
            // All is counted, or nothing.
            ensure!(found.accepted.is_some() == found.last_event_time.is_some(), "{found:?} is counted in part");
        }
    }
    let is_known = async |source: &str, event_type: Option<&str>| has_stream(bench.store(), source, event_type).await;
    for stream in expected.values() {
        let Stream { source, event_type, .. } = stream;
        ensure!(is_known(source, Some(event_type)).await?, "{source:?} {event_type:?} is unknown");
        ensure!(is_known(source, None).await?, "{source:?} is unknown");
    }
    let name = sample.name();
    for (source, event_type) in [
        (name.as_str(), Some("T")),
        (&name, Some("t  ")),
        (&name, Some("s")),
        (&name, Some("u")),
        (&name, Some("")),
        (&name, Some("t\0")),
        (&name, Some("\u{10ffff}")),
        (&name[1..], None),
        (&format!("{name}!"), Some("\u{ffed}")),
        (&format!("{name}\0t"), None),
        (&format!("{name}a"), None),
    ] {
        ensure!(!is_known(source, event_type).await?, "{source:?} {event_type:?} is known");
    }
    Ok(())
}

pub(crate) async fn positions<B: QueryBench>(bench: &B, _: Sample) -> Result<()> {
    for broken in ["", "a", "ACCEPTED", "1 2 3"] {
        let answer = bench.store().streams(Some(&Position::new(broken)), 10).await;
        ensure!(answer == Err(pik_core::QueryError::Position), "{broken:?} is taken for a position: {answer:?}");
    }
    Ok(())
}
