//! Many look-ups at once.

use anyhow::{Result, ensure};
use pik_core::{EventId, RawObject, Store};

use crate::Bench;
use crate::sample::{Sample, at, later};

/// More than one call to DynamoDB may name.
const EVENTS: usize = 230;

/// Known and unknown ids in no order, some named twice: each is answered at its place, as if it were asked for alone.
pub(crate) async fn of_many<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let time = at("2025-12-29T20:15:35.580Z")?;
    let arrival = |nth: usize| sample.arrival(nth, &sample.numbered(nth).body(), time);
    let batch: Vec<_> = (0..EVENTS).map(arrival).collect::<Result<_>>()?;
    for answer in bench.store().ingest_batch(batch.clone()).await {
        answer?;
    }
    let again = sample.arrival(EVENTS, &sample.numbered(0).body(), later(time, 1)?)?;
    bench.store().ingest(again).await?;

    let mut ids: Vec<EventId> = batch.iter().map(|submission| submission.event_id).collect();
    for nth in 0..EVENTS {
        // Unknown ids, and one that differs from a known one in its last bit alone.
        let mut bytes = *ids[nth].as_bytes();
        bytes[31 - (nth % 2) * 31] ^= 1;
        ids.push(EventId::from_bytes(bytes));
    }
    ids.extend_from_within(..7);
    let count = ids.len();
    let scattered: Vec<EventId> = (0..count).map(|nth| ids[nth * 101 % count]).collect();
    let found = bench.store().find_many(&scattered).await?;
    ensure!(found.len() == count, "{} results for {count} ids", found.len());
    for (id, found) in scattered.iter().zip(found) {
        let alone = bench.store().find(id).await?;
        ensure!(found == alone, "{id} is {found:?} among many and {alone:?} alone");
        let is_known = batch.iter().any(|submission| submission.event_id == *id);
        ensure!(found.is_some() == is_known, "{id} is {found:?}");
    }
    ensure!(bench.store().find_many(&[]).await?.is_empty(), "something was found for no ids");

    let some = &scattered[..40];
    let objects = bench.store().raw_many(some).await?;
    ensure!(objects.len() == some.len(), "{} raw objects for {} ids", objects.len(), some.len());
    for (id, object) in some.iter().zip(objects) {
        let known = batch.iter().find(|submission| submission.event_id == *id);
        let (object, expected) = (object.map(RawObject::into_bytes), known.map(|submission| &submission.raw));
        ensure!(object.as_ref() == expected, "{id} is {object:?} among many");
    }
    ensure!(bench.store().raw_many(&[]).await?.is_empty(), "there are raw objects for no ids");
    Ok(())
}
