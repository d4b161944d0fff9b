//! Raw objects: byte for byte what came first.

use anyhow::{Result, ensure};
use pik_core::{Event, MAX_BODY_BYTES, RawObject, Store, Submission};

use crate::Bench;
use crate::occurrence::{accepted, duplicate, expect, split};
use crate::sample::{Sample, at, later};

/// Checks that the event has one raw object, with these bytes, whose size is recorded and whose hash is the event's.
async fn expect_raw<B: Bench>(bench: &B, first: &Submission) -> Result<()> {
    let id = first.event_id;
    let objects = bench.objects(&id).await?;
    ensure!(objects.len() == 1, "{} raw objects instead of 1", objects.len());
    let (key, bytes) = &objects[0];
    ensure!(*key == first.raw_key, "the object lies at {key}");
    ensure!(*bytes == first.raw, "{} bytes kept of {}, or not the same", bytes.len(), first.raw.len());
    let raw = bench.store().raw(&id).await?;
    ensure!(raw.map(RawObject::into_bytes).as_ref() == Some(bytes), "raw returned other bytes than the object has");
    let size = split(bench.records(&id).await?)?.0.raw_size;
    ensure!(size == bytes.len() as u64, "the record says {size} bytes, the object has {}", bytes.len());
    let kept = Event::parse(bytes).map(|event| *event.id());
    ensure!(kept.as_ref() == Ok(&id), "the bytes are event {kept:?}, under the key of {id}");
    Ok(())
}

pub(crate) async fn other_spelling<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let draft = sample.draft();
    let time = at("2025-12-29T20:15:35.580Z")?;
    let first = sample.arrival(0, &draft.respelled(5), time)?;
    expect(bench, &first, accepted(&first)).await?;

    let mut other_instant = draft.clone();
    other_instant.event_time = "20251229T015959.000+02".into();
    other_instant.payload = r#"{"\u0073teps":1.0e1}"#.into();
    let bodies = [draft.body(), draft.respelled(500), other_instant.body(), format!("\r\n {} \t", draft.body())];
    for (nth, body) in bodies.iter().enumerate() {
        let again = sample.arrival(nth + 1, body, later(time, nth as i64 + 1)?)?;
        ensure!(again.raw != first.raw);
        expect(bench, &again, duplicate(&again, &first)).await?;
        expect_raw(bench, &first).await?;
    }
    let (_, duplicates) = split(bench.records(&first.event_id).await?)?;
    for record in duplicates {
        ensure!(record.raw_size == first.raw.len() as u64, "a duplicate tells its own size, {}", record.raw_size);
    }
    Ok(())
}

pub(crate) async fn odd_bytes<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let payloads = [
        r#""\u0000 NUL \u001f \ud83d\ude00 \\u0000 \/ \" \\""#,
        "\"\u{7f} \u{80} \u{85} \u{a0} \u{feff} \u{2028}\u{2029} \u{fffd} \u{ffff} \u{10ffff} \u{1f468}\u{200d}\u{1f469}\"",
        "\"e\u{301} \u{e9} \u{1e9b}\u{323} \u{202e}rtl\"",
        "{\"\":{\"\\u0000\":[ ]},\r\n\t\"' ; -- DROP\" :\"%00 %2F ${x} {{y}} \\n\\r\"}",
        "[-0, 0.0, 1E400, 1e-400, 9007199254740993, 1.10 , 100000000000000000000000]",
        "null",
        "\"\"",
    ];
    for (nth, payload) in payloads.iter().enumerate() {
        for respelled in [false, true] {
            let mut draft = sample.draft();
            draft.payload = (*payload).into();
            draft.entity_id += if respelled { "-respelled" } else { "" };
            let body = if respelled { draft.respelled(nth) } else { draft.body() };
            let first = sample.arrival(2 * nth + usize::from(respelled), &body, at("2025-12-29T20:15:35.580Z")?)?;
            expect(bench, &first, accepted(&first)).await?;
            expect_raw(bench, &first).await?;
        }
    }
    Ok(())
}

pub(crate) async fn largest_body<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let mut draft = sample.draft();
    draft.payload = r#""""#.into();
    let room = MAX_BODY_BYTES - draft.body().len();
    // Of three bytes each, with a rest of ASCII: a cut anywhere, or bytes taken for characters, would show.
    draft.payload = format!("\"{}{}\"", "\u{20ac}".repeat(room / 3), "x".repeat(room % 3));
    let first = sample.arrival(0, &draft.body(), at("2025-12-29T20:15:35.580Z")?)?;
    ensure!(first.raw.len() == MAX_BODY_BYTES);
    expect(bench, &first, accepted(&first)).await?;
    expect_raw(bench, &first).await?;
    let again = sample.arrival(1, &draft.body(), at("2025-12-29T20:15:36.000Z")?)?;
    expect(bench, &again, duplicate(&again, &first)).await?;
    expect_raw(bench, &first).await
}
