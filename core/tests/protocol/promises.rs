//! What holds at every instant: the six invariants of the architecture, and that records tell the truth.

use std::collections::{BTreeMap, BTreeSet};

use pik_core::{Answer, Event, EventId, FRESH_MS, IngestTime, Outcome, Receipt, Record, Status, Submission};

use crate::contents::Contents;
use crate::wire::BUCKET;

/// What may be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// An answer, and an ACCEPTED record, mean that raw object and record are durable.
    AnsweredIsDurable,
    /// An event has at most one raw object, which is a spelling of it, and never overwritten or deleted.
    OneRawObject,
    /// An event gets at most one ACCEPTED, and exactly one ACCEPTED record once any request was answered.
    OneAccepted,
    /// Every DUPLICATE answered has its own durable record.
    OwnRecord,
    /// An ERROR or a crash leaves nothing that the next attempt does not complete.
    NextCompletes,
    /// A window of arrivals that is settled never gains a record: nothing is listed under a time before its attempt began,
    /// nor under one that was over when it was committed.
    SettledStays,
    /// Key and ingest time are the claim's, the size is the object's, a duplicate's time and lag are its own, records
    /// do not change otherwise than from PENDING to ACCEPTED, and an answer says what the record says.
    RecordsAreTrue,
}

/// A promise that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) promise: Promise,
    pub(crate) how: String,
}

fn ensure(holds: bool, promise: Promise, how: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { promise, how: how() }) }
}

/// Everything that is ever sent, by receipt.
pub(crate) struct Promises {
    sent: BTreeMap<Receipt, Submission>,
    clock: IngestTime,
}

impl Promises {
    pub(crate) fn new<'a>(sent: impl IntoIterator<Item = &'a Submission>, clock: IngestTime) -> Self {
        let mut by_receipt = BTreeMap::new();
        for submission in sent {
            let earlier = by_receipt.insert(submission.receipt.clone(), submission.clone());
            assert_eq!(earlier, None, "two attempts of a scenario share a receipt");
        }
        Self { sent: by_receipt, clock }
    }

    /// What holds of the stores alone.
    pub(crate) fn of_contents(&self, contents: &Contents) -> Result<(), Broken> {
        self.of_objects(contents)?;
        for first in contents.first.values() {
            self.of_first(contents, first)?;
        }
        let mut seen = BTreeSet::new();
        for ((id, time, _), record) in &contents.duplicates {
            let first = contents.first.get(id);
            ensure(seen.insert(&record.receipt), Promise::OwnRecord, || format!("two records of {}", record.receipt))?;
            ensure(*id == record.event_id && *time == record.ingest_time, Promise::RecordsAreTrue, || {
                format!("{} is stored where it cannot be found", record.receipt)
            })?;
            self.of_duplicate(first, record)?;
        }
        Ok(())
    }

    fn of_objects(&self, contents: &Contents) -> Result<(), Broken> {
        let mut seen = BTreeSet::new();
        for (key, raw) in &contents.objects {
            let id = key.partition().event_id;
            ensure(seen.insert(id), Promise::OneRawObject, || format!("a second raw object, at {key}"))?;
            let claimed = contents.first.get(&id).is_some_and(|first| first.raw_key == *key);
            ensure(claimed, Promise::OneRawObject, || format!("a raw object at {key}, which is no claim's key"))?;
            let hashes_to = Event::parse(raw).map(|event| *event.id());
            ensure(hashes_to == Ok(id), Promise::OneRawObject, || format!("raw bytes at {key} are {hashes_to:?}"))?;
            let sent = self.sent.values().any(|sent| sent.event_id == id && sent.raw == *raw);
            ensure(sent, Promise::OneRawObject, || format!("no client sent the raw bytes at {key}"))?;
        }
        Ok(())
    }

    fn of_first(&self, contents: &Contents, first: &Record) -> Result<(), Broken> {
        let claimed = self.sent.values().any(|sent| {
            let claim = sent.claim(BUCKET);
            let Record { status, receipt, raw_size, finished_time, .. } = first.clone();
            *first == Record { status, receipt, raw_size, finished_time, ..claim.clone() }
                && (first.status != Status::Pending || *first == claim)
        });
        ensure(claimed, Promise::RecordsAreTrue, || format!("{first:?} is a claim of no attempt"))?;
        match first.status {
            Status::Pending => Ok(()),
            Status::Accepted => {
                let raw = contents.objects.get(&first.raw_key);
                let size = raw.map(|raw| raw.len() as u64);
                ensure(size.is_some(), Promise::AnsweredIsDurable, || "an ACCEPTED record without raw object".into())?;
                ensure(size == Some(first.raw_size), Promise::RecordsAreTrue, || {
                    format!("the record says {} bytes, the object has {size:?}", first.raw_size)
                })?;
                let sent = self.sent.get(&first.receipt);
                let theirs = sent.is_some_and(|sent| sent.event_id == first.event_id);
                ensure(theirs, Promise::RecordsAreTrue, || {
                    format!("committed by {}, which is no attempt", first.receipt)
                })?;
                sent.map_or(Ok(()), |sent| self.of_listing(first, sent))
            }
            Status::Duplicate => ensure(false, Promise::OneAccepted, || "a first record is a DUPLICATE".into()),
        }
    }

    fn of_duplicate(&self, first: Option<&Record>, record: &Record) -> Result<(), Broken> {
        let accepted = first.filter(|first| first.status == Status::Accepted);
        let Some(first) = accepted else {
            return ensure(false, Promise::OneAccepted, || format!("{} is a DUPLICATE of nothing", record.receipt));
        };
        ensure(record.receipt != first.receipt, Promise::OneAccepted, || {
            format!("{} is first occurrence and DUPLICATE at once", record.receipt)
        })?;
        let sent = self.sent.get(&record.receipt).filter(|sent| sent.event_id == record.event_id);
        let Some(sent) = sent else {
            return ensure(false, Promise::OwnRecord, || {
                format!("{}, which is no attempt, has a record", record.receipt)
            });
        };
        let expected = Record {
            ingest_time: sent.ingest_time,
            ingest_lag_ms: sent.ingest_lag_ms,
            finished_time: record.finished_time,
            status: Status::Duplicate,
            receipt: sent.receipt.clone(),
            ..first.clone()
        };
        self.of_listing(record, sent)?;
        ensure(*record == expected, Promise::RecordsAreTrue, || format!("{record:?} instead of {expected:?}"))
    }

    /// What holds of a record that arrivals show, given the attempt that committed it.
    fn of_listing(&self, record: &Record, sent: &Submission) -> Result<(), Broken> {
        let listed = record.listed_time();
        let is_over = self.clock.unix_ms() - listed.unix_ms() >= FRESH_MS;
        ensure(listed >= sent.ingest_time && !is_over, Promise::SettledStays, || {
            format!(
                "{} began at {}, committed at {} and is listed under {listed}",
                sent.receipt, sent.ingest_time, self.clock
            )
        })
    }

    /// What holds of the stores from one instant to the next.
    pub(crate) fn of_change(&self, before: &Contents, after: &Contents) -> Result<(), Broken> {
        for (key, raw) in &before.objects {
            ensure(after.objects.get(key) == Some(raw), Promise::OneRawObject, || {
                format!("the raw object at {key} was overwritten or deleted")
            })?;
        }
        for (key, record) in &before.duplicates {
            ensure(after.duplicates.get(key) == Some(record), Promise::OwnRecord, || {
                format!("the record of {} was changed or deleted", record.receipt)
            })?;
        }
        for (id, first) in &before.first {
            let now = after.first.get(id);
            let committed = now.is_some_and(|now| {
                let Record { receipt, raw_size, finished_time, .. } = now.clone();
                let accepted = Record { status: Status::Accepted, receipt, raw_size, finished_time, ..first.clone() };
                first.status == Status::Pending && *now == accepted
            });
            ensure(now == Some(first) || committed, Promise::RecordsAreTrue, || {
                format!("the first record became {now:?} from {first:?}")
            })?;
        }
        Ok(())
    }

    /// What holds from the instant when an attempt was answered.
    pub(crate) fn of_answer(&self, contents: &Contents, sent: &Submission, answer: &Answer) -> Result<(), Broken> {
        let (id, receipt) = (&sent.event_id, &sent.receipt);
        let first = contents.first.get(id).filter(|first| first.status == Status::Accepted);
        let Some(first) = first else {
            return ensure(false, Promise::AnsweredIsDurable, || {
                format!("{receipt} was answered {} and no record is ACCEPTED", answer.status.as_str())
            });
        };
        ensure(contents.objects.contains_key(&first.raw_key), Promise::AnsweredIsDurable, || {
            format!("{receipt} was answered {} and there is no raw object", answer.status.as_str())
        })?;
        let own = match answer.status {
            Outcome::Accepted => {
                ensure(first.receipt == *receipt, Promise::OneAccepted, || {
                    format!("{receipt} was answered ACCEPTED and the record names {}", first.receipt)
                })?;
                first
            }
            Outcome::Duplicate => {
                let own = contents.duplicates.values().find(|record| record.receipt == *receipt);
                let Some(own) = own else {
                    return ensure(false, Promise::OwnRecord, || format!("{receipt} was DUPLICATE without a record"));
                };
                ensure(own.ingest_time == sent.ingest_time, Promise::OwnRecord, || {
                    format!("the record of {receipt} has another's ingest time")
                })?;
                own
            }
        };
        let expected = Answer {
            event_id: *id,
            status: answer.status,
            ingest_lag_ms: own.ingest_lag_ms,
            raw_key: first.raw_key.clone(),
        };
        ensure(*answer == expected, Promise::RecordsAreTrue, || format!("answered {answer:?} instead of {expected:?}"))
    }

    /// What holds of all the answers given so far, in the order of attempts.
    pub(crate) fn of_answers(&self, answers: &[&Answer]) -> Result<(), Broken> {
        let mut accepted = BTreeSet::new();
        for answer in answers {
            let once = answer.status != Outcome::Accepted || accepted.insert(answer.event_id);
            ensure(once, Promise::OneAccepted, || "a second ACCEPTED".into())?;
        }
        Ok(())
    }

    /// What holds when every request was answered and none of this event had an error or a crash.
    pub(crate) fn of_undisturbed(&self, id: &EventId, answers: &[&Answer]) -> Result<(), Broken> {
        let accepted =
            answers.iter().filter(|answer| answer.event_id == *id && answer.status == Outcome::Accepted).count();
        ensure(accepted == 1, Promise::OneAccepted, || format!("{accepted} were ACCEPTED and no request had an error"))
    }
}
