//! The n-th write or sync fails, once or for good, wherever in the life of a store that is.

use std::path::Path;

use fastrand::Rng;
use futures_executor::block_on;
use pik_core::{Store, StoreError};

use crate::shim::{Errno, Operation, Plan, calm, cases, folder, run_under_shim, seed, struck};
use crate::workload::{Answered, check, check_sound, copy_files, open, send, submission};

#[test]
fn nothing_answered_is_lost_when_the_disk_fails() {
    run_under_shim("faults::fails_everywhere");
}

/// The life of a store: it is made, filled, closed, opened again, filled again.
fn live(folder: &Path, answered: &mut Answered) -> Option<pik_sqlite::SqliteStore> {
    let store = open(folder).ok()?;
    answered.append(&mut send(&store, &[(1, 10)]));
    answered.append(&mut send(&store, &(2..30).map(|number| (number, 3_000)).collect::<Vec<_>>()));
    answered.append(&mut send(&store, &[(30, 40_000)]));
    store.close();
    let store = open(folder).ok()?;
    answered.append(&mut send(&store, &[(31, 10), (32, 10)]));
    answered.append(&mut send(&store, &[(33, 10)]));
    Some(store)
}

#[test]
#[ignore = "run by nothing_answered_is_lost_when_the_disk_fails"]
fn fails_everywhere() {
    let mut random = Rng::with_seed(seed());
    let mut plans = Vec::new();
    for operation in [Operation::Write, Operation::Sync] {
        let reach = reach(operation);
        println!("a life has {reach} of {operation:?}");
        for nth in 1..=reach {
            for errno in [Errno::Io, Errno::NoSpace] {
                for stays in [false, true] {
                    plans.push(Plan { operation, nth, errno, stays });
                }
            }
        }
    }
    random.shuffle(&mut plans);
    plans.truncate(cases(120, plans.len()));
    println!("{} cases", plans.len());
    let (mut failed, mut refused) = (0, 0);
    for plan in &plans {
        let (failures, is_refused) = fail(*plan, &mut random);
        failed += failures;
        refused += usize::from(is_refused);
    }
    println!("{failed} events were not answered, {refused} starts were refused, everything answered is there");
    assert!(failed > plans.len() && refused > 0, "{failed}, {refused}: hardly a fault");
}

/// How many operations a life has.
fn reach(operation: Operation) -> usize {
    let reached = |nth| {
        let folder = folder();
        Plan { operation, nth, errno: Errno::Io, stays: false }.set(folder.path());
        let store = live(folder.path(), &mut Answered::new());
        let reached = struck(folder.path());
        calm(folder.path());
        drop(store);
        reached
    };
    let (mut low, mut high) = (1, 4_096);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if reached(middle) { low = middle } else { high = middle }
    }
    low
}

/// How many events were not answered, and whether a start was refused.
fn fail(plan: Plan, random: &mut Rng) -> (usize, bool) {
    let context = format!("{plan:?}");
    let (place, killed) = (folder(), folder());
    let mut answered = Answered::new();
    plan.set(place.path());
    let store = live(place.path(), &mut answered);
    let failed = 33 - answered.len();
    let is_refused = store.is_none();
    match store {
        // The fault passes, and the store goes on.
        Some(store) if random.bool() => {
            if plan.stays && struck(place.path()) {
                let refused = block_on(store.ingest(submission(50, 10)));
                assert!(
                    matches!(refused, Err(StoreError::Unavailable(_) | StoreError::Blocked(..))),
                    "{refused:?}: {context}"
                );
                assert!(block_on(store.ready()).is_err(), "ready while nothing can be stored: {context}");
            }
            calm(place.path());
            answered.append(&mut send(&store, &[(60, 10)]));
            assert!(answered.contains(&(60, 10)), "the fault has passed: {context}");
            block_on(store.ready()).unwrap_or_else(|error| panic!("{error}: {context}"));
            check(&store, &answered, &context);
            store.close();
            copy_files(place.path(), killed.path());
        }
        // The process is killed while the fault lasts.
        Some(store) => {
            copy_files(place.path(), killed.path());
            drop(store);
            calm(place.path());
        }
        None => {
            copy_files(place.path(), killed.path());
            calm(place.path());
        }
    }
    // The start after it, twice: what the first one did must hold, too.
    for _ in 0..2 {
        let store = open(killed.path()).unwrap_or_else(|error| panic!("{error}: {context}"));
        check(&store, &answered, &context);
        store.close();
    }
    check_sound(killed.path(), &context);
    (failed, is_refused)
}
