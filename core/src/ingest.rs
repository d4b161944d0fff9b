//! The write protocol for split stores: claim, put raw, commit.
//!
//! Each step says what is left behind if we die there. Whatever that is, the next attempt finds the claim
//! and goes on from it, so no order of crashes loses an event.

use crate::store::{Claim, Commit, Ledger, Put, RawStore};
use crate::{Answer, Clock, EventId, Outcome, RawObject, Record, Status, StoreError, Submission};

/// Ingests one occurrence into a ledger and a raw store that share no transaction.
///
/// `Ok` means that the raw object and this occurrence's record are durable. After an error the same event may be
/// submitted again, with a new receipt, by anyone.
pub async fn ingest<L: Ledger, R: RawStore>(
    ledger: &L,
    raw_store: &R,
    clock: &Clock,
    submission: &Submission,
) -> Result<Answer, StoreError> {
    let mine = submission.claim(ledger.raw_bucket());

    // Dying before this leaves nothing; after it, a PENDING claim that fixes the key and the ingest time.
    let claim = match ledger.claim(&mine).await? {
        Claim::New => mine,
        Claim::Found(first) if first.status == Status::Pending => first,
        Claim::Found(first) => return duplicate(ledger, clock, submission, &first).await,
    };

    // At the claim's key, not ours: a retry on another day would else leave a second object.
    // Dying after this leaves the object and the PENDING claim.
    let raw_size = match raw_store.create(&claim, submission.raw.clone()).await? {
        Put::Created => submission.raw.len() as u64,
        // Another attempt's bytes may be spelled differently; the record tells the size of what is stored.
        Put::Exists => match raw_store.size(&claim).await? {
            Some(size) => size,
            None => {
                return Err(StoreError::Internal(
                    "a raw object exists but cannot be found; check that nothing deletes from the bucket".into(),
                ));
            }
        },
    };

    // Only now, with the object durable, may anyone be answered. A claim may be old, and so may this attempt: windows of
    // arrivals that were read meanwhile must not gain the event, so it is listed under the time of this attempt.
    let listed = clock.listed_time(submission.ingest_time)?;
    let accepted = Record { status: Status::Accepted, receipt: submission.receipt.clone(), raw_size, ..claim };
    let accepted = accepted.listed_under(listed);
    match ledger.commit(&accepted).await? {
        Commit::Done => Ok(Answer::of(Outcome::Accepted, &accepted)),
        // Ours, committed by a call whose answer was lost and that the store's client sent again.
        Commit::Already(receipt) if receipt == accepted.receipt => Ok(Answer::of(Outcome::Accepted, &accepted)),
        Commit::Already(_) => duplicate(ledger, clock, submission, &accepted).await,
    }
}

/// The raw object of an event in a ledger and a raw store that share no transaction; `None` when there is no such event
/// or it is PENDING still: no client was told that it is safe.
pub async fn read_raw<L: Ledger, R: RawStore>(
    ledger: &L,
    raw_store: &R,
    id: &EventId,
) -> Result<Option<RawObject>, StoreError> {
    match ledger.find(id).await? {
        Some(record) if record.status == Status::Accepted => match raw_store.read(&record).await? {
            Some(raw) => RawObject::checked(id, raw, || &record.raw_key).map(Some),
            None => Err(StoreError::Internal(format!("the raw object {} is gone", record.raw_key))),
        },
        Some(_) | None => Ok(None),
    }
}

async fn duplicate<L: Ledger>(
    ledger: &L,
    clock: &Clock,
    submission: &Submission,
    first: &Record,
) -> Result<Answer, StoreError> {
    // Our own claim can come back ACCEPTED only after another attempt committed it, so this is a later occurrence.
    // Dying before this leaves no trace of an occurrence that was never answered.
    let record = submission.duplicate_of(first).listed_under(clock.listed_time(submission.ingest_time)?);
    ledger.record_duplicate(&record).await?;
    Ok(Answer::of(Outcome::Duplicate, &record))
}
