//! The check finds mistakes in the protocol.

use crate::explore::explore;
use crate::fault::Fault;
use crate::mutants::{Mutation, Real};
use crate::promises::Promise;
use crate::scenario::Scenario;

/// Explores ever larger scenarios until the mistake shows, which it must do by breaking this promise, in interleavings
/// alone and without the attempt that comes after everything stopped.
fn is_found(mutation: Mutation, promise: Promise) {
    for (clients, fault_budget) in [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0)] {
        for of_speed in [|scenario| scenario, Scenario::slow] {
            let scenario = || of_speed(Scenario::new(clients, 1, Fault::ALL, fault_budget));
            if let Err(counterexample) = explore(&mutation, scenario().without_rescuers()) {
                println!("{mutation:?}: {clients} requests, {fault_budget} faults: {counterexample}");
                assert_eq!(counterexample.broken.promise, promise);
                assert!(explore(&mutation, scenario()).is_err(), "the rescuers hide {mutation:?}");
                return;
            }
        }
    }
    panic!("{mutation:?} was not noticed");
}

#[test]
fn the_copy_that_is_mutated_is_a_true_one() {
    for (clients, fault_budget) in [(2, 1), (3, 0)] {
        let scenario = || Scenario::new(clients, 1, Fault::ALL, fault_budget);
        assert_eq!(explore(&Mutation::None, scenario()).unwrap(), explore(&Real, scenario()).unwrap());
        let (copy, real) = (explore(&Mutation::None, scenario().slow()), explore(&Real, scenario().slow()));
        assert_eq!(copy.unwrap(), real.unwrap());
    }
}

#[test]
fn commit_before_put() {
    is_found(Mutation::CommitBeforePut, Promise::AnsweredIsDurable);
}

#[test]
fn no_receipt_check() {
    is_found(Mutation::NoReceiptCheck, Promise::OneAccepted);
    is_found(Mutation::AlreadyMeansAccepted, Promise::OneAccepted);
}

#[test]
fn put_overwrites() {
    is_found(Mutation::PutOverwrites, Promise::OneRawObject);
}

#[test]
fn key_of_the_retry() {
    is_found(Mutation::ObjectAtKeyOfRetry, Promise::OneRawObject);
    is_found(Mutation::RecordOfRetry, Promise::OneRawObject);
    is_found(Mutation::KeyOfRetryAnswered, Promise::RecordsAreTrue);
}

#[test]
fn pending_is_not_finished() {
    is_found(Mutation::PendingIsDuplicate, Promise::OneAccepted);
    is_found(Mutation::PendingIsError, Promise::NextCompletes);
}

#[test]
fn duplicate_without_its_receipt() {
    is_found(Mutation::DuplicateByTime, Promise::OwnRecord);
    is_found(Mutation::DuplicateOfFirstReceipt, Promise::OneAccepted);
}

#[test]
fn duplicate_without_a_record() {
    is_found(Mutation::DuplicateNotRecorded, Promise::OwnRecord);
    is_found(Mutation::DuplicateRecordLost, Promise::OwnRecord);
}

#[test]
fn size_and_lag_of_another() {
    is_found(Mutation::SizeOfRetry, Promise::RecordsAreTrue);
    is_found(Mutation::LagOfFirstAnswered, Promise::RecordsAreTrue);
}

#[test]
fn arrivals_listed_too_early() {
    is_found(Mutation::ListedUnderClaim, Promise::SettledStays);
    is_found(Mutation::ListedUnderBeginning, Promise::SettledStays);
}

#[test]
fn answered_too_soon() {
    is_found(Mutation::NoCommit, Promise::AnsweredIsDurable);
    is_found(Mutation::FailedCommitIsAccepted, Promise::AnsweredIsDurable);
    is_found(Mutation::FailedPutIsIgnored, Promise::AnsweredIsDurable);
}
