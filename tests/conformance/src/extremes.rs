//! What lies at the ends of what the contract allows.

use anyhow::{Result, ensure};
use pik_core::{MAX_ENTITY_ID_BYTES, MAX_PARTITION_BYTES, RawKey, RawObject, Store, Submission};

use crate::Bench;
use crate::occurrence::{accepted, duplicate, expect, split};
use crate::sample::{Draft, Sample, at, later};

/// Ingests the draft twice and checks records, key and bytes.
async fn expect_kept<B: Bench>(bench: &B, sample: Sample, nth: usize, draft: &Draft, time: &str) -> Result<Submission> {
    let time = at(time)?;
    let first = sample.arrival(2 * nth, &draft.body(), time)?;
    let again = sample.arrival(2 * nth + 1, &draft.respelled(1), later(time, -1)?)?;
    expect(bench, &first, accepted(&first)).await?;
    expect(bench, &again, duplicate(&again, &first)).await?;
    let id = first.event_id;
    let (kept, duplicates) = split(bench.records(&id).await?)?;
    let same_members = kept.source == draft.source
        && kept.event_type == draft.event_type
        && kept.entity_id == draft.entity_id
        && kept.event_time == first.event_time
        && kept.ingest_time == first.ingest_time
        && kept.ingest_lag_ms == first.ingest_lag_ms;
    ensure!(same_members, "kept {kept:?} of {first:?}");
    ensure!(duplicates.len() == 1, "{} duplicates", duplicates.len());
    ensure!(duplicates[0].ingest_lag_ms == again.ingest_lag_ms, "kept {:?}", duplicates[0]);
    let objects = bench.objects(&id).await?;
    ensure!(objects == [(first.raw_key.clone(), first.raw.clone())], "kept {objects:?}");
    let raw = bench.store().raw(&id).await?;
    ensure!(raw.map(RawObject::into_bytes).as_ref() == Some(&first.raw), "raw returned other bytes");
    Ok(first)
}

pub(crate) async fn far_times<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let cases = [
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", 315_537_897_599_999),
        ("9999-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00.001Z", -253_402_300_799_999),
        ("1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00.500Z", 1_000),
        ("2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250Z", 0),
    ];
    for (nth, (event_time, ingest_time, lag)) in cases.into_iter().enumerate() {
        let draft = Draft { event_time: event_time.into(), ..sample.draft() };
        let first = expect_kept(bench, sample, nth, &draft, ingest_time).await?;
        ensure!(first.ingest_lag_ms == lag, "the sample's lag is {}", first.ingest_lag_ms);
    }
    Ok(())
}

pub(crate) async fn negative_lags<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let cases = [
        ("2025-12-29T20:15:35.580000001Z", -1),
        ("2025-12-29T20:15:35.581Z", -1),
        ("2025-12-29T20:15:35.580Z", 0),
        ("2025-12-30T20:15:35.580Z", -86_400_000),
    ];
    for (nth, (event_time, lag)) in cases.into_iter().enumerate() {
        let draft = Draft { event_time: event_time.into(), ..sample.draft() };
        let first = expect_kept(bench, sample, nth, &draft, "2025-12-29T20:15:35.580Z").await?;
        ensure!(first.ingest_lag_ms == lag, "the sample's lag is {}", first.ingest_lag_ms);
    }
    Ok(())
}

pub(crate) async fn odd_keys<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let values = [
        ".",
        "..",
        "/",
        "a/../b",
        "a//b/",
        " a b ",
        "%41",
        "100%",
        "a=b",
        "a+b",
        "a&b<c>\"'",
        "back\\slash",
        "?q#f",
        "~",
        "null",
        "__HIVE_DEFAULT_PARTITION__",
        "\u{e9}t\u{e9}",
        "e\u{301}",
        "\u{65e5}\u{672c}\u{8a9e}",
        "\u{1f600}",
        "\u{202e}abc",
        "\u{a0}\u{2028}",
        "*[]{}$!@;:,|^`",
        "-rf",
    ];
    for (nth, value) in values.into_iter().enumerate() {
        let source = Draft { source: value.into(), ..sample.draft() };
        let event_type = Draft { event_type: value.into(), ..sample.draft() };
        for (half, draft) in [source, event_type].iter().enumerate() {
            let first = expect_kept(bench, sample, 2 * nth + half, draft, "2025-12-29T20:15:35.580Z").await?;
            let read_back = first.raw_key.as_str().parse::<RawKey>().map(|key| key.partition());
            ensure!(
                read_back.as_ref().is_ok_and(|partition| partition.source == draft.source
                    && partition.event_type == draft.event_type),
                "the key of `{value}` reads back as {read_back:?}"
            );
        }
    }
    Ok(())
}

pub(crate) async fn longest_members<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let fill = |text: &str, bytes: usize| text.repeat(bytes / text.len()) + &"x".repeat(bytes % text.len());
    let mut draft = sample.draft();
    draft.source = fill("s", MAX_PARTITION_BYTES);
    // A slash is written as three bytes.
    draft.event_type = fill("/", MAX_PARTITION_BYTES / 3);
    draft.entity_id += &fill("i", MAX_ENTITY_ID_BYTES - draft.entity_id.len());
    let first = expect_kept(bench, sample, 0, &draft, "2025-12-29T20:15:35.580Z").await?;
    ensure!(first.raw_key.as_str().len() == 635, "the key has {} bytes", first.raw_key.as_str().len());

    let mut wide = sample.draft();
    wide.source = fill("\u{1f600}", MAX_PARTITION_BYTES);
    wide.event_type = fill("\u{20ac}", MAX_PARTITION_BYTES);
    wide.entity_id += &fill("\u{20ac}", MAX_ENTITY_ID_BYTES - wide.entity_id.len());
    ensure!(wide.entity_id.len() == MAX_ENTITY_ID_BYTES);
    expect_kept(bench, sample, 1, &wide, "2025-12-29T20:15:35.580Z").await?;
    Ok(())
}
