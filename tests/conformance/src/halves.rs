//! The two halves of a split store, call by call.

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::future::join_all;
use pik_core::{Answer, Claim, Commit, Ledger, Outcome, Put, RawStore, Receipt, Record, Status, Store, Submission};

use crate::SplitBench;
use crate::occurrence::split;
use crate::sample::{Sample, at, later};

const AT_ONCE: usize = 32;

/// One occurrence, and the claim that it makes.
struct Arrival {
    submission: Submission,
    claim: Record,
}

/// The event in several spellings, around midnight, as [`pik_core::ingest`] hands it to a ledger.
fn arrivals<B: SplitBench>(bench: &B, sample: Sample, count: usize) -> Result<Vec<Arrival>> {
    let start = at("2025-12-29T23:59:59.999Z")?;
    let arrival = |nth: usize| {
        let submission = sample.arrival(nth, &sample.draft().respelled(nth), later(start, nth as i64)?)?;
        Ok(Arrival { claim: submission.claim(bench.ledger().raw_bucket()), submission })
    };
    (0..count).map(arrival).collect()
}

/// `claim`, finished by the attempt of that receipt.
fn finished(claim: &Record, receipt: &Receipt, raw_size: u64) -> Record {
    let finished_time = later(claim.ingest_time, 90_000).ok();
    Record { status: Status::Accepted, receipt: receipt.clone(), raw_size, finished_time, ..claim.clone() }
}

pub(crate) async fn claim<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 2)?;
    let (mine, other) = (&arrivals[0].claim, &arrivals[1].claim);
    let ledger = bench.ledger();
    ensure!(ledger.find(&mine.event_id).await?.is_none(), "find returned what was never claimed");
    ensure!(ledger.claim(mine).await? == Claim::New, "the first claim found something");
    // Sent again by the store's own client, then by another attempt: neither changes anything.
    for record in [mine, other] {
        let found = ledger.claim(record).await?;
        ensure!(found == Claim::Found(mine.clone()), "a later claim found {found:?} instead of {mine:?}");
    }
    let found = ledger.find(&mine.event_id).await?;
    ensure!(found.as_ref() == Some(mine), "find returned {found:?} instead of {mine:?}");
    Ok(())
}

pub(crate) async fn create<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 2)?;
    let record = &arrivals[0].claim;
    let raw_store = bench.raw_store();
    ensure!(raw_store.size(record).await?.is_none(), "a size of what was never put");
    ensure!(raw_store.read(record).await?.is_none(), "bytes of what was never put");
    ensure!(
        raw_store.create(record, arrivals[0].submission.raw.clone()).await? == Put::Created,
        "the first put found an object"
    );
    for raw in [&arrivals[0].submission.raw, &arrivals[1].submission.raw] {
        ensure!(raw_store.create(record, raw.clone()).await? == Put::Exists, "a later put did not find the object");
    }
    ensure!(raw_store.size(record).await? == Some(arrivals[0].submission.raw.len() as u64), "the size is another's");
    ensure!(raw_store.read(record).await?.as_ref() == Some(&arrivals[0].submission.raw), "the bytes are another's");
    Ok(())
}

pub(crate) async fn commit<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 2)?;
    let ledger = bench.ledger();
    let claim = &arrivals[0].claim;
    ensure!(ledger.claim(claim).await? == Claim::New);
    // The other one finishes it, with the size of what it found there.
    let winner = finished(claim, &arrivals[1].submission.receipt, 4711);
    ensure!(ledger.commit(&winner).await? == Commit::Done, "a PENDING claim was not committed");
    for record in [&winner, &finished(claim, &claim.receipt, 4712)] {
        let found = ledger.commit(record).await?;
        ensure!(found == Commit::Already(winner.receipt.clone()), "a later commit found {found:?}");
    }
    let found = ledger.find(&claim.event_id).await?;
    ensure!(found.as_ref() == Some(&winner), "find returned {found:?} instead of {winner:?}");
    let found = ledger.claim(&arrivals[1].claim).await?;
    ensure!(found == Claim::Found(winner.clone()), "a later claim found {found:?} instead of {winner:?}");
    Ok(())
}

pub(crate) async fn commit_without_claim<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let record = &arrivals(bench, sample, 1)?[0].claim;
    let found = bench.ledger().commit(&finished(record, &record.receipt, 1)).await;
    ensure!(found.is_err(), "a commit without a claim found {found:?}");
    let records = bench.records(&record.event_id).await?;
    ensure!(records.is_empty(), "a commit without a claim left {records:?}");
    Ok(())
}

/// A duplicate's record whose answer was lost is sent again: there is one record then, not two.
pub(crate) async fn duplicate_repeated<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 3)?;
    let ledger = bench.ledger();
    let claim = &arrivals[0].claim;
    ensure!(ledger.claim(claim).await? == Claim::New);
    let first = finished(claim, &claim.receipt, claim.raw_size);
    ensure!(ledger.commit(&first).await? == Commit::Done);
    for nth in [1, 2, 1, 1] {
        ledger.record_duplicate(&arrivals[nth].submission.duplicate_of(&first)).await?;
    }
    let (kept, mut duplicates) = split(bench.records(&claim.event_id).await?)?;
    duplicates.sort_by_key(|record| record.ingest_time);
    let expected: Vec<_> = arrivals[1..].iter().map(|arrival| arrival.submission.duplicate_of(&first)).collect();
    ensure!(duplicates == expected, "kept {duplicates:?} instead of {expected:?}");
    ensure!(kept == first, "a duplicate changed the first record to {kept:?}");
    Ok(())
}

pub(crate) async fn race_of_claims<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, AT_ONCE)?;
    let claims = join_all(arrivals.iter().map(|arrival| bench.ledger().claim(&arrival.claim))).await;
    let claims: Vec<_> = claims.into_iter().collect::<Result<_, _>>()?;
    let winners: Vec<_> = arrivals.iter().zip(&claims).filter(|(_, claim)| **claim == Claim::New).collect();
    ensure!(winners.len() == 1, "{} of {AT_ONCE} claims were the first", winners.len());
    let winner = &winners[0].0.claim;
    for claim in claims.iter().filter(|claim| **claim != Claim::New) {
        ensure!(*claim == Claim::Found(winner.clone()), "a claim found {claim:?} instead of {winner:?}");
    }
    Ok(())
}

pub(crate) async fn race_of_creates<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, AT_ONCE)?;
    let claim = &arrivals[0].claim;
    let puts =
        join_all(arrivals.iter().map(|arrival| bench.raw_store().create(claim, arrival.submission.raw.clone()))).await;
    let puts: Vec<_> = puts.into_iter().collect::<Result<_, _>>()?;
    let winners: Vec<_> = arrivals.iter().zip(&puts).filter(|(_, put)| **put == Put::Created).collect();
    ensure!(winners.len() == 1, "{} of {AT_ONCE} puts created the object", winners.len());
    let objects = bench.objects(&claim.event_id).await?;
    ensure!(objects == [(claim.raw_key.clone(), winners[0].0.submission.raw.clone())], "kept {objects:?}");
    Ok(())
}

pub(crate) async fn race_of_commits<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, AT_ONCE)?;
    let claim = &arrivals[0].claim;
    ensure!(bench.ledger().claim(claim).await? == Claim::New);
    let records: Vec<_> = arrivals.iter().map(|arrival| finished(claim, &arrival.submission.receipt, 4711)).collect();
    let commits = join_all(records.iter().map(|record| bench.ledger().commit(record))).await;
    let commits: Vec<_> = commits.into_iter().collect::<Result<_, _>>()?;
    let winners: Vec<_> = records.iter().zip(&commits).filter(|(_, commit)| **commit == Commit::Done).collect();
    ensure!(winners.len() == 1, "{} of {AT_ONCE} commits were the first", winners.len());
    let winner = winners[0].0;
    for commit in commits.iter().filter(|commit| **commit != Commit::Done) {
        ensure!(*commit == Commit::Already(winner.receipt.clone()), "a commit found {commit:?}");
    }
    let found = bench.ledger().find(&claim.event_id).await?;
    ensure!(found.as_ref() == Some(winner), "find returned {found:?} instead of {winner:?}");
    Ok(())
}

/// Finishes, the next day and in another spelling, what an attempt left behind.
async fn finish<B: SplitBench>(bench: &B, died: &Arrival, next: &Arrival, raw: &Bytes) -> Result<()> {
    let Arrival { submission: next, claim: other } = next;
    let died = &died.claim;
    let id = died.event_id;
    ensure!(died.raw_key != other.raw_key);
    ensure!(bench.store().raw(&id).await?.is_none(), "raw returned the bytes of a PENDING event");
    let foretold = next.foretold(bench.store().find(&id).await?.as_ref());
    let answer = bench.store().ingest(next.clone()).await?;
    let expected = Answer {
        event_id: id,
        status: Outcome::Accepted,
        ingest_lag_ms: died.ingest_lag_ms,
        raw_key: died.raw_key.clone(),
    };
    ensure!(answer == expected, "answered {answer:?} instead of {expected:?}");
    ensure!(foretold == expected, "foretold {foretold:?} instead of {expected:?}");
    let (kept, duplicates) = split(bench.records(&id).await?)?;
    let expected = finished(died, &next.receipt, raw.len() as u64).listed_under(next.ingest_time);
    ensure!(kept == expected && duplicates.is_empty(), "kept {kept:?} and {duplicates:?} instead of {expected:?}");
    let objects = bench.objects(&id).await?;
    ensure!(objects == [(died.raw_key.clone(), raw.clone())], "kept {objects:?}");
    Ok(())
}

pub(crate) async fn died_after_claim<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 2)?;
    ensure!(bench.ledger().claim(&arrivals[0].claim).await? == Claim::New);
    finish(bench, &arrivals[0], &arrivals[1], &arrivals[1].submission.raw).await
}

pub(crate) async fn died_after_create<B: SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let arrivals = arrivals(bench, sample, 2)?;
    let died = &arrivals[0];
    ensure!(bench.ledger().claim(&died.claim).await? == Claim::New);
    ensure!(bench.raw_store().create(&died.claim, died.submission.raw.clone()).await? == Put::Created);
    finish(bench, died, &arrivals[1], &died.submission.raw).await
}
