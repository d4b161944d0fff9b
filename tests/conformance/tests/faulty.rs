//! The suite notices stores that break a promise.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use std::collections::HashMap;
use std::sync::Mutex;

use anyhow::Result;
use bytes::Bytes;
use futures_executor::block_on;
use pik_conformance::{Bench, Report, run};
use pik_core::{
    Answer, EventId, IngestTime, MemoryStore, Outcome, RawKey, RawObject, Record, Store, StoreError, Submission,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing at all: the wrapper itself passes.
    None,
    AnswersAlwaysAccepted,
    AnswersOwnKey,
    AnswersLagOfFirst,
    ClampsLag,
    CutsEntityId,
    DropsDuplicateRecords,
    KeysDuplicatesByTime,
    RewritesFirstRecord,
    TrimsRaw,
    KeepsLatestRaw,
    RecordsOwnSize,
    SecondObjectOnAnotherDay,
    FindWrites,
    FindManyInAnotherOrder,
    FindManyFindsPrefixes,
    RawOfUnknownIsKnown,
    BatchReversed,
    BatchForgetsLast,
    ForgetsOnReopening,
}

struct Faulty {
    fault: Fault,
    store: MemoryStore,
    /// What a store that overwrites or normalises would have instead of the object.
    instead: Mutex<HashMap<EventId, Bytes>>,
    /// Objects that should not be there.
    more: Mutex<Vec<(RawKey, Bytes)>>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { fault, store: MemoryStore::default(), instead: Mutex::default(), more: Mutex::default() }
    }

    fn before(&self, submission: &mut Submission) {
        match self.fault {
            Fault::ClampsLag => submission.ingest_lag_ms = submission.ingest_lag_ms.max(0),
            Fault::CutsEntityId => {
                let entity_id = &mut submission.entity_id;
                entity_id.truncate(entity_id.floor_char_boundary(255));
            }
            Fault::TrimsRaw => {
                let without = |byte: &u8| !matches!(byte, b'\r' | b'\n');
                submission.raw = submission.raw.iter().copied().filter(without).collect();
            }
            Fault::KeepsLatestRaw => {
                let mut instead = self.instead.lock().unwrap();
                instead.insert(submission.event_id, submission.raw.clone());
            }
            _ => {}
        }
    }

    fn after(&self, submission: &Submission, answer: &mut Answer) {
        if answer.status == Outcome::Accepted {
            return;
        }
        match self.fault {
            Fault::AnswersAlwaysAccepted => answer.status = Outcome::Accepted,
            Fault::AnswersOwnKey => answer.raw_key = submission.raw_key.clone(),
            Fault::AnswersLagOfFirst => {
                answer.ingest_lag_ms = self.store.ledger.records(&answer.event_id)[0].ingest_lag_ms;
            }
            Fault::SecondObjectOnAnotherDay if answer.raw_key != submission.raw_key => {
                self.more.lock().unwrap().push((submission.raw_key.clone(), submission.raw.clone()));
            }
            _ => {}
        }
    }
}

impl Store for Faulty {
    async fn ingest(&self, mut submission: Submission) -> Result<Answer, StoreError> {
        self.before(&mut submission);
        let mut answer = self.store.ingest(submission.clone()).await?;
        self.after(&submission, &mut answer);
        Ok(answer)
    }

    async fn ingest_batch(&self, mut submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        let mut answers = Vec::new();
        if self.fault == Fault::BatchReversed {
            submissions.reverse();
        }
        for submission in submissions {
            answers.push(self.ingest(submission).await);
        }
        match self.fault {
            Fault::BatchReversed => answers.reverse(),
            Fault::BatchForgetsLast => _ = answers.pop(),
            _ => {}
        }
        answers
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        if self.fault == Fault::FindWrites {
            let partition = "raw/source=s/event_type=t/event_date=2025-12-28/ingest_date=2025-12-29/hour=23";
            let key = format!("{partition}/event_id={id}.json").parse().unwrap();
            self.more.lock().unwrap().push((key, Bytes::new()));
        }
        self.store.find(id).await
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        let mut found = self.store.find_many(ids).await?;
        match self.fault {
            Fault::FindManyInAnotherOrder => found.sort_by_key(|record| record.as_ref().map(|record| record.event_id)),
            Fault::FindManyFindsPrefixes => {
                let all = self.store.ledger.all();
                let near =
                    |id: &EventId| all.iter().find(|record| record.event_id.as_bytes()[..8] == id.as_bytes()[..8]);
                found = ids.iter().map(|id| near(id).cloned()).collect();
            }
            _ => {}
        }
        Ok(found)
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        let raw = self.store.raw(id).await?;
        match (self.fault, raw) {
            (Fault::RawOfUnknownIsKnown, None) => {
                let known = self.store.ledger.all()[0].event_id;
                self.store.raw(&known).await
            }
            (_, raw) => match self.instead.lock().unwrap().get(id) {
                Some(instead) => RawObject::checked(id, instead.clone(), || "another").map(Some),
                None => Ok(raw),
            },
        }
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        self.store.settled_until(now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }
}

struct FaultyBench(Faulty);

impl Bench for FaultyBench {
    type Store = Faulty;

    fn store(&self) -> &Faulty {
        &self.0
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        let mut objects = self.0.store.raw_store.objects(id);
        if let Some(raw) = self.0.instead.lock().unwrap().get(id) {
            objects[0].1 = raw.clone();
        }
        let more = self.0.more.lock().unwrap();
        objects.extend(more.iter().filter(|(key, _)| key.partition().event_id == *id).cloned());
        Ok(objects)
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        let mut records = self.0.store.ledger.records(id);
        match self.0.fault {
            Fault::DropsDuplicateRecords => records.truncate(1),
            Fault::KeysDuplicatesByTime => records.dedup_by_key(|record| (record.status, record.ingest_time)),
            Fault::RewritesFirstRecord if records.len() > 1 => records[0].ingest_time = records[1].ingest_time,
            Fault::RecordsOwnSize => {
                for record in records.iter_mut().skip(1) {
                    record.raw_size += 1;
                }
            }
            _ => {}
        }
        Ok(records)
    }

    async fn reopen(&mut self) -> Result<()> {
        if self.0.fault == Fault::ForgetsOnReopening {
            self.0.store = MemoryStore::default();
        }
        Ok(())
    }
}

/// Each fault and a check that must notice it, if not the only one.
const NOTICED: [(Fault, &str); 19] = [
    (Fault::AnswersAlwaysAccepted, "first_then_duplicate"),
    (Fault::AnswersOwnKey, "other_day_keeps_key"),
    (Fault::AnswersLagOfFirst, "first_then_duplicate"),
    (Fault::ClampsLag, "negative_lags"),
    (Fault::CutsEntityId, "longest_members"),
    (Fault::DropsDuplicateRecords, "first_then_duplicate"),
    (Fault::KeysDuplicatesByTime, "same_request_and_instant"),
    (Fault::RewritesFirstRecord, "records_complete"),
    (Fault::TrimsRaw, "odd_bytes"),
    (Fault::KeepsLatestRaw, "other_spelling"),
    (Fault::RecordsOwnSize, "other_spelling"),
    (Fault::SecondObjectOnAnotherDay, "other_day_keeps_key"),
    (Fault::FindWrites, "dry_run"),
    (Fault::FindManyInAnotherOrder, "lookup_of_many"),
    (Fault::FindManyFindsPrefixes, "lookup_of_many"),
    (Fault::RawOfUnknownIsKnown, "unknown"),
    (Fault::BatchReversed, "batch_mixed"),
    (Fault::BatchForgetsLast, "batch_of_one"),
    (Fault::ForgetsOnReopening, "reopen"),
];

fn report(fault: Fault, only: Option<&str>) -> Report {
    block_on(run(&mut FaultyBench(Faulty::new(fault)), 1, only))
}

#[test]
fn every_fault_is_noticed() {
    for (fault, check) in NOTICED {
        let report = report(fault, Some(check));
        println!("{fault:?}\n{report}");
        assert_eq!(report.failures().len(), 1, "{check} did not notice {fault:?}");
    }
}

#[test]
fn the_wrapper_alone_passes() {
    report(Fault::None, None).assert();
}
