//! The simulated stores and the in-memory reference store answer every sequence of calls alike, so what is found out
//! here holds for stores that behave like the reference.

use std::task::{Context, Poll, Waker};

use fastrand::Rng;
use pik_core::{Ledger, MemoryStore, RawStore, Record, Status, StoreError, Submission};

use crate::contents::Contents;
use crate::fault::Fault;
use crate::scenario::Scenario;
use crate::wire::{BUCKET, Call, Reply};

fn any_call(rng: &mut Rng, sent: &[&Submission]) -> Call {
    let [one, other] = [(); 2].map(|()| sent[rng.usize(..sent.len())]);
    let accepted = Record {
        status: Status::Accepted,
        receipt: other.receipt.clone(),
        raw_size: other.raw.len() as u64,
        ..one.claim(BUCKET)
    };
    match rng.u8(..7) {
        0 => Call::Claim(one.claim(BUCKET)),
        1 => Call::Create(one.claim(BUCKET), other.raw.clone()),
        2 => Call::Size(one.claim(BUCKET)),
        3 => Call::Read(one.claim(BUCKET)),
        4 => Call::Commit(accepted),
        5 => Call::RecordDuplicate(one.duplicate_of(&other.claim(BUCKET))),
        _ => Call::Find(one.event_id),
    }
}

fn at_once<T>(call: impl Future<Output = T>) -> T {
    match Box::pin(call).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory made a caller wait"),
    }
}

fn ask(store: &MemoryStore, call: &Call) -> Result<Reply, StoreError> {
    let MemoryStore { ledger, raw_store, .. } = store;
    match call {
        Call::Claim(record) => at_once(ledger.claim(record)).map(Reply::Claim),
        Call::Create(record, raw) => at_once(raw_store.create(record, raw.clone())).map(Reply::Put),
        Call::Size(record) => at_once(raw_store.size(record)).map(Reply::Size),
        Call::Read(record) => at_once(raw_store.read(record)).map(Reply::Bytes),
        Call::Commit(record) => at_once(ledger.commit(record)).map(Reply::Commit),
        Call::RecordDuplicate(record) => at_once(ledger.record_duplicate(record)).map(|()| Reply::Recorded),
        Call::Find(id) => at_once(ledger.find(id)).map(Reply::Found),
        Call::Overwrite(..) | Call::RecordDuplicateByTime(_) => unreachable!("mutants alone make this call"),
    }
}

#[test]
fn simulated_stores_are_like_the_reference() {
    let scenario = Scenario::new(3, 2, Fault::ALL, 1);
    let sent: Vec<_> = scenario.sent().collect();
    for seed in 0..200 {
        let mut rng = Rng::with_seed(seed);
        let (mut simulated, store) = (Contents::default(), MemoryStore::default());
        for _ in 0..50 {
            let call = any_call(&mut rng, &sent);
            let reply = ask(&store, &call).unwrap_or(Reply::Refused);
            assert_eq!(simulated.apply(&call), reply, "seed {seed}: {call:?}");
        }
        for id in &scenario.events {
            let first = simulated.first.get(id);
            let mut records: Vec<_> = first.into_iter().chain(simulated.duplicates.values()).cloned().collect();
            records.retain(|record| record.event_id == *id);
            assert_eq!(records, store.ledger.records(id), "seed {seed}");
            let objects = simulated.objects.clone().into_iter().filter(|(key, _)| key.partition().event_id == *id);
            assert_eq!(objects.collect::<Vec<_>>(), store.raw_store.objects(id), "seed {seed}");
        }
    }
}
