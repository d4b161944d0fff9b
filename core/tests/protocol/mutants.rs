//! The protocol with a mistake in it, to see that the check finds mistakes.

use bytes::Bytes;
use pik_core::{
    Answer, Claim, Clock, Commit, FRESH_MS, IngestTime, Ledger, Outcome, Put, RawStore, Receipt, Record, Status,
    StoreError, Submission, ingest,
};

use crate::wire::{Attempt, Call, Protocol, Wire};

/// The protocol itself.
pub(crate) struct Real;

impl Protocol for Real {
    fn run<'a>(&'a self, wire: &'a Wire, clock: &'a Clock, submission: &'a Submission) -> Attempt<'a> {
        Box::pin(ingest(wire, wire, clock, submission))
    }
}

/// A mistake in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// None: the copy that is mutated is a true one.
    None,
    CommitBeforePut,
    /// Whatever was committed before, this is a duplicate.
    NoReceiptCheck,
    /// Whatever was committed before, this is the first occurrence.
    AlreadyMeansAccepted,
    PutOverwrites,
    /// What a retry finds PENDING it puts at its own key.
    ObjectAtKeyOfRetry,
    /// What a retry finds PENDING it commits with its own key and time.
    RecordOfRetry,
    PendingIsDuplicate,
    PendingIsError,
    DuplicateByTime,
    DuplicateOfFirstReceipt,
    DuplicateNotRecorded,
    /// Answers before the record is there.
    DuplicateRecordLost,
    SizeOfRetry,
    KeyOfRetryAnswered,
    LagOfFirstAnswered,
    NoCommit,
    FailedCommitIsAccepted,
    FailedPutIsIgnored,
    /// An attempt that finishes another's claim leaves it listed at the time of the claim.
    ListedUnderClaim,
    /// However long an attempt takes, arrivals list what it did where it began.
    ListedUnderBeginning,
}

impl Protocol for Mutation {
    fn run<'a>(&'a self, wire: &'a Wire, clock: &'a Clock, submission: &'a Submission) -> Attempt<'a> {
        Box::pin(mutated(*self, wire, clock, submission))
    }
}

async fn mutated(
    mutation: Mutation,
    wire: &Wire,
    clock: &Clock,
    submission: &Submission,
) -> Result<Answer, StoreError> {
    use Mutation as M;
    let mine = submission.claim(wire.raw_bucket());
    let claim = match wire.claim(&mine).await? {
        Claim::New => mine.clone(),
        Claim::Found(first) if first.status == Status::Pending => match mutation {
            M::RecordOfRetry => mine.clone(),
            M::PendingIsDuplicate => return duplicate(mutation, wire, clock, submission, &first).await,
            M::PendingIsError => return Err(StoreError::Overloaded("another attempt is at it".into())),
            _ => first,
        },
        Claim::Found(first) => return duplicate(mutation, wire, clock, submission, &first).await,
    };

    let target = if mutation == M::ObjectAtKeyOfRetry { &mine } else { &claim };
    let mut accepted = Record {
        status: Status::Accepted,
        receipt: submission.receipt.clone(),
        raw_size: submission.raw.len() as u64,
        ..claim.clone()
    };
    if mutation != M::ListedUnderClaim {
        accepted = accepted.listed_under(listed_time(mutation, clock, submission)?);
    }
    if mutation != M::CommitBeforePut {
        accepted.raw_size = put(mutation, wire, target, submission.raw.clone()).await?;
    }
    if mutation == M::NoCommit {
        return Ok(Answer::of(Outcome::Accepted, &accepted));
    }
    let commit = match wire.commit(&accepted).await {
        Err(_) if mutation == M::FailedCommitIsAccepted => return Ok(Answer::of(Outcome::Accepted, &accepted)),
        commit => commit?,
    };
    if mutation == M::CommitBeforePut {
        put(mutation, wire, target, submission.raw.clone()).await?;
    }
    match commit {
        Commit::Done => Ok(Answer::of(Outcome::Accepted, &accepted)),
        Commit::Already(_) if mutation == M::AlreadyMeansAccepted => Ok(Answer::of(Outcome::Accepted, &accepted)),
        Commit::Already(receipt) if receipt == accepted.receipt && mutation != M::NoReceiptCheck => {
            Ok(Answer::of(Outcome::Accepted, &accepted))
        }
        Commit::Already(_) => duplicate(mutation, wire, clock, submission, &accepted).await,
    }
}

/// The time under which an attempt lists what it commits.
fn listed_time(mutation: Mutation, clock: &Clock, submission: &Submission) -> Result<IngestTime, StoreError> {
    let (began, now) = (submission.ingest_time, clock.now()?);
    let is_fresh = now.unix_ms() - began.unix_ms() < FRESH_MS;
    Ok(if is_fresh || mutation == Mutation::ListedUnderBeginning { began } else { now })
}

async fn put(mutation: Mutation, wire: &Wire, target: &Record, raw: Bytes) -> Result<u64, StoreError> {
    let size = raw.len() as u64;
    if mutation == Mutation::PutOverwrites {
        wire.send(Call::Overwrite(target.clone(), raw)).await?;
        return Ok(size);
    }
    match wire.create(target, raw).await {
        Err(_) if mutation == Mutation::FailedPutIsIgnored => Ok(size),
        Err(error) => Err(error),
        Ok(Put::Created) => Ok(size),
        Ok(Put::Exists) if mutation == Mutation::SizeOfRetry => Ok(size),
        Ok(Put::Exists) => match wire.size(target).await? {
            Some(size) => Ok(size),
            None => Err(StoreError::Internal("an object that exists has no size".into())),
        },
    }
}

async fn duplicate(
    mutation: Mutation,
    wire: &Wire,
    clock: &Clock,
    submission: &Submission,
    first: &Record,
) -> Result<Answer, StoreError> {
    use Mutation as M;
    let record = submission.duplicate_of(first).listed_under(listed_time(mutation, clock, submission)?);
    match mutation {
        M::DuplicateByTime => _ = wire.send(Call::RecordDuplicateByTime(record.clone())).await?,
        M::DuplicateOfFirstReceipt => {
            let receipt: Receipt = first.receipt.clone();
            wire.record_duplicate(&Record { receipt, ..record.clone() }).await?;
        }
        M::DuplicateNotRecorded => {}
        M::DuplicateRecordLost => _ = wire.record_duplicate(&record).await,
        _ => wire.record_duplicate(&record).await?,
    }
    let mut answer = Answer::of(Outcome::Duplicate, &record);
    match mutation {
        M::KeyOfRetryAnswered => answer.raw_key = submission.raw_key.clone(),
        M::LagOfFirstAnswered => answer.ingest_lag_ms = first.ingest_lag_ms,
        _ => {}
    }
    Ok(answer)
}
