//! First occurrences, later ones, and what is kept of each.

use anyhow::{Context, Result, ensure};
use pik_core::{Answer, Outcome, RawObject, Receipt, Record, Status, Store, Submission};

use crate::Bench;
use crate::sample::{Sample, at, later};

/// What a first occurrence must be answered.
pub(crate) fn accepted(submission: &Submission) -> Answer {
    Answer {
        event_id: submission.event_id,
        status: Outcome::Accepted,
        ingest_lag_ms: submission.ingest_lag_ms,
        raw_key: submission.raw_key.clone(),
    }
}

/// What a later occurrence must be answered.
pub(crate) fn duplicate(submission: &Submission, first: &Submission) -> Answer {
    Answer {
        event_id: first.event_id,
        status: Outcome::Duplicate,
        ingest_lag_ms: submission.ingest_lag_ms,
        raw_key: first.raw_key.clone(),
    }
}

/// Ingests and compares the answer.
pub(crate) async fn expect<B: Bench>(bench: &B, submission: &Submission, answer: Answer) -> Result<()> {
    let got = bench.store().ingest(submission.clone()).await?;
    ensure!(got == answer, "answered {got:?} instead of {answer:?}");
    Ok(())
}

/// The record of the first occurrence and those of the duplicates.
pub(crate) fn split(records: Vec<Record>) -> Result<(Record, Vec<Record>)> {
    let (mut first, duplicates): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.status != Status::Duplicate);
    ensure!(first.len() == 1, "{} records of first occurrences instead of 1", first.len());
    let first = first.pop().context("no first record")?;
    Ok((first, duplicates))
}

pub(crate) async fn ready<B: Bench>(bench: &B) -> Result<()> {
    Ok(bench.store().ready().await?)
}

pub(crate) async fn first_then_duplicate<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let body = sample.draft().body();
    let first = sample.arrival(0, &body, at("2025-12-29T20:15:35.580Z")?)?;
    expect(bench, &first, accepted(&first)).await?;
    for nth in 1..=3 {
        let again = sample.arrival(nth, &body, later(first.ingest_time, 1_000 * nth as i64)?)?;
        ensure!(again.ingest_lag_ms != first.ingest_lag_ms);
        expect(bench, &again, duplicate(&again, &first)).await?;
        let kept = bench.records(&first.event_id).await?.len();
        ensure!(kept == nth + 1, "{kept} records after {} occurrences", nth + 1);
    }
    Ok(())
}

pub(crate) async fn records_complete<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let mut draft = sample.draft();
    draft.source = "Quelle \u{e9}/\u{1f600} ".into();
    draft.event_type = "type=1 ".into();
    draft.entity_id += " 'e\u{301}\u{e9}\"\\ ";
    draft.event_time = "2025-12-28T23:59:59.123456789+01:00".into();
    let first = sample.arrival(0, &draft.body(), at("2025-12-29T20:15:35.580Z")?)?;
    let again = sample.arrival(1, &draft.respelled(7), at("2026-01-01T00:00:00.000Z")?)?;
    expect(bench, &first, accepted(&first)).await?;
    let alone = split(bench.records(&first.event_id).await?)?.0;
    expect(bench, &again, duplicate(&again, &first)).await?;

    let (kept, duplicates) = split(bench.records(&first.event_id).await?)?;
    ensure!(kept == alone, "the first record changed from {alone:?} to {kept:?}");
    ensure!(!kept.raw_bucket.is_empty(), "the record names no bucket");
    let raw_bucket = kept.raw_bucket.clone();
    let expected = Record { status: Status::Accepted, ..first.claim(raw_bucket) };
    ensure!(kept == expected, "kept {kept:?} instead of {expected:?}");
    ensure!(kept.raw_size == first.raw.len() as u64);

    // Spelled out, member by member: what is the first's and what is this occurrence's own.
    let expected = Record {
        event_id: expected.event_id,
        source: draft.source.clone(),
        event_type: draft.event_type.clone(),
        entity_id: draft.entity_id.clone(),
        event_time: expected.event_time,
        ingest_time: again.ingest_time,
        ingest_lag_ms: again.ingest_lag_ms,
        finished_time: None,
        status: Status::Duplicate,
        raw_bucket: expected.raw_bucket,
        raw_key: expected.raw_key,
        raw_size: expected.raw_size,
        payload_hash: expected.payload_hash,
        receipt: again.receipt.clone(),
        contract: 1,
    };
    ensure!(duplicates == [expected.clone()], "kept {duplicates:?} instead of {expected:?}");

    let found = bench.store().find(&first.event_id).await?;
    ensure!(found.as_ref() == Some(&kept), "find returned {found:?} instead of {kept:?}");
    Ok(())
}

/// Clients and proxies repeat request ids, and a clock stands still between two requests.
pub(crate) async fn same_request_and_instant<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let body = sample.draft().body();
    let time = at("2025-12-29T20:15:35.580Z")?;
    let attempt = |nonce, index| sample.arrival_as(Receipt::new("one-request", nonce, index), &body, time);
    let nonce = sample.nonce();
    let first = attempt(nonce, 0)?;
    expect(bench, &first, accepted(&first)).await?;
    for again in [attempt(nonce, 1)?, attempt(nonce, 2)?, attempt(!nonce, 1)?, attempt(!nonce, 0)?] {
        expect(bench, &again, duplicate(&again, &first)).await?;
    }
    let (kept, mut duplicates) = split(bench.records(&first.event_id).await?)?;
    ensure!(kept.receipt == first.receipt, "the first record has the receipt {}", kept.receipt);
    duplicates.sort_by(|a, b| a.receipt.cmp(&b.receipt));
    duplicates.dedup_by(|a, b| a.receipt == b.receipt);
    ensure!(duplicates.len() == 4, "{} records for 4 duplicates of one millisecond", duplicates.len());
    Ok(())
}

pub(crate) async fn other_day_keeps_key<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let draft = sample.draft();
    let first = sample.arrival(0, &draft.body(), at("2025-12-29T23:59:59.999Z")?)?;
    let again = sample.arrival(1, &draft.respelled(1), at("2025-12-30T00:00:00.000Z")?)?;
    // A clock that was behind, or a request that was long under way.
    let before = sample.arrival(2, &draft.respelled(2), at("2025-12-28T23:59:59.000Z")?)?;
    ensure!(first.raw_key != again.raw_key && first.raw_key != before.raw_key);
    expect(bench, &first, accepted(&first)).await?;
    expect(bench, &again, duplicate(&again, &first)).await?;
    expect(bench, &before, duplicate(&before, &first)).await?;
    let objects = bench.objects(&first.event_id).await?;
    ensure!(objects == [(first.raw_key, first.raw)], "kept {objects:?}");
    for record in bench.records(&first.event_id).await? {
        ensure!(record.raw_key == objects[0].0, "{} names {}", record.receipt, record.raw_key);
    }
    Ok(())
}

/// What text comparison of a store may take for one: case, trailing space, composed characters, other members.
pub(crate) async fn other_events_stay_apart<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let time = at("2025-12-29T20:15:35.580Z")?;
    let draft = sample.draft();
    let mut drafts = vec![draft.clone(); 7];
    drafts[1].entity_id += " ";
    drafts[2].entity_id += "\u{e9}";
    drafts[3].entity_id += "e\u{301}";
    drafts[4].entity_id = draft.entity_id.to_uppercase();
    drafts[5].event_time = "2025-12-28T23:59:59.000000001Z".into();
    drafts[6].payload = r#"{"steps":10.5}"#.into();
    for (nth, draft) in drafts.iter().enumerate() {
        let first = sample.arrival(nth, &draft.body(), time)?;
        expect(bench, &first, accepted(&first)).await?;
        let objects = bench.objects(&first.event_id).await?;
        ensure!(objects == [(first.raw_key, first.raw)], "kept {objects:?}");
    }
    Ok(())
}

pub(crate) async fn unknown<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let known = sample.arrival(0, &sample.draft().body(), at("2025-12-29T20:15:35.580Z")?)?;
    expect(bench, &known, accepted(&known)).await?;
    let other = sample.arrival(1, &sample.numbered(11).body(), known.ingest_time)?.event_id;
    let found = bench.store().find(&other).await?;
    ensure!(found.is_none(), "find returned {found:?} for an event that never came");
    let raw = bench.store().raw(&other).await?;
    ensure!(raw.is_none(), "raw returned {raw:?} for an event that never came");
    let raw = bench.store().raw(&known.event_id).await?;
    ensure!(raw.map(RawObject::into_bytes).as_ref() == Some(&known.raw), "raw returned other bytes");
    Ok(())
}

pub(crate) async fn survive_reopening<B: Bench>(bench: &mut B, sample: Sample) -> Result<()> {
    let draft = sample.draft();
    let time = at("2025-12-29T20:15:35.580Z")?;
    let first = sample.arrival(0, &draft.body(), time)?;
    let again = sample.arrival(1, &draft.respelled(1), time)?;
    let later = sample.arrival(2, &draft.respelled(2), later(time, 86_400_000)?)?;
    expect(bench, &first, accepted(&first)).await?;
    expect(bench, &again, duplicate(&again, &first)).await?;
    let id = first.event_id;
    let before = (split(bench.records(&id).await?)?, bench.objects(&id).await?);

    bench.reopen().await?;
    let after = (split(bench.records(&id).await?)?, bench.objects(&id).await?);
    ensure!(after == before, "{before:?} became {after:?}");
    let raw = bench.store().raw(&id).await?;
    ensure!(raw.map(RawObject::into_bytes).as_ref() == Some(&first.raw), "raw returned other bytes");
    expect(bench, &later, duplicate(&later, &first)).await
}
