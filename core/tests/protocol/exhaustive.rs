//! The protocol through every interleaving.

use std::time::Instant;

use crate::explore::{explore, explore_without_memory};
use crate::fault::Fault;
use crate::mutants::Real;
use crate::scenario::Scenario;

/// Explores with that many requests and faults of those kinds, and prints how much that was.
fn holds(clients: usize, faults: &'static [Fault], fault_budget: u8) {
    holds_in(Scenario::new(clients, 1, faults, fault_budget));
}

fn holds_in(scenario: Scenario) {
    let (clients, fault_budget) = (scenario.clients.len(), scenario.fault_budget);
    let start = Instant::now();
    match explore(&Real, scenario) {
        Ok(explored) => {
            println!("{clients} requests, {fault_budget} faults: {explored}, {:.1} s", start.elapsed().as_secs_f32());
        }
        Err(counterexample) => panic!("{clients} requests, {fault_budget} faults: {counterexample}"),
    }
}

#[test]
fn one_request_and_four_faults() {
    holds(1, Fault::ALL, 4);
}

#[test]
fn two_requests_and_two_faults() {
    holds(2, Fault::ALL, 2);
}

#[test]
fn two_slow_requests_and_two_faults() {
    holds_in(Scenario::new(2, 1, Fault::ALL, 2).slow());
}

#[test]
fn three_requests_and_a_fault() {
    holds(3, Fault::ALL, 1);
}

#[test]
fn three_requests_and_two_lost_answers() {
    holds(3, &[Fault::LostAnswer, Fault::SentAgain], 2);
}

#[test]
fn remembering_states_loses_no_interleaving() {
    for (clients, fault_budget) in [(1, 0), (2, 0), (1, 2)] {
        let scenario = || Scenario::new(clients, 1, Fault::ALL, fault_budget);
        let remembered = explore(&Real, scenario()).unwrap();
        let enumerated = explore_without_memory(&Real, scenario()).unwrap();
        println!("{clients} requests, {fault_budget} faults, one by one: {enumerated}");
        assert_eq!(remembered, enumerated);
    }
}
