//! Longer runs than can be gone through exhaustively, each chosen by a seed.
//!
//! `PIK_SIMULATION_SEED=7 cargo test -p pik-core --test protocol random -- --nocapture` shows the run of that seed step
//! by step; `PIK_SIMULATION_RUNS` says how many seeds to try.

use std::time::Instant;

use fastrand::Rng;

use crate::fault::Fault;
use crate::machine::Machine;
use crate::mutants::{Mutation, Real};
use crate::scenario::Scenario;
use crate::step::{Counterexample, Step};
use crate::wire::Protocol;

/// Five clients that send three events, with up to six faults.
fn scenario() -> Scenario {
    Scenario::new(5, 3, Fault::ALL, 6)
}

/// Goes one way through the scenario, checking at every step.
fn walk<P: Protocol>(machine: &mut Machine<'_, P>, seed: u64) -> Result<Vec<Step>, Counterexample> {
    let mut rng = Rng::with_seed(seed);
    let mut steps = Vec::new();
    let failed = |broken, steps| Counterexample { broken, steps };
    let mut state = machine.beginning().map_err(|broken| failed(broken, Vec::new()))?;
    loop {
        machine.check(&state).map_err(|broken| failed(broken, steps.clone()))?;
        let successors = machine.successors(&state).map_err(|(step, broken)| {
            let steps = steps.iter().cloned().chain([step]).collect();
            failed(broken, steps)
        })?;
        // There are more faults than other steps: taken as they come they would all strike in the beginning.
        let (faults, others): (Vec<_>, Vec<_>) = successors.into_iter().partition(|(step, _)| step.is_fault());
        let choices = if !faults.is_empty() && rng.u8(..8) == 0 { faults } else { others };
        let Some((step, after)) = rng.choice(choices) else {
            assert!(machine.is_over(&state), "nothing goes on in {state:?}");
            return Ok(steps);
        };
        steps.push(step);
        state = after;
    }
}

/// A number from the environment.
#[allow(clippy::disallowed_methods, reason = "a test, which is told by its caller how long to run")]
fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: `{text}`")))
}

#[test]
fn random_runs() {
    let seed = from_environment("PIK_SIMULATION_SEED");
    let runs = from_environment("PIK_SIMULATION_RUNS").unwrap_or(1_000);
    let seeds = seed.map_or(0..runs, |seed| seed..seed + 1);
    let start = Instant::now();
    let mut machine = Machine::new(&Real, scenario());
    let (mut count, mut faults) = (0, 0);
    for run in seeds.clone() {
        match walk(&mut machine, run) {
            Ok(steps) => {
                count += steps.len();
                faults += steps.iter().filter(|step| step.is_fault()).count();
                for step in steps.iter().filter(|_| seed.is_some()) {
                    println!("{step}");
                }
            }
            Err(counterexample) => panic!("PIK_SIMULATION_SEED={run} shows: {counterexample}"),
        }
    }
    let contents = machine.contents_seen();
    let seconds = start.elapsed().as_secs_f32();
    println!("seeds {seeds:?}: {count} steps, {faults} faults, {contents} contents of the stores, {seconds:.1} s");
}

#[test]
fn a_seed_shows_the_same_run_again() {
    let run = |seed| format!("{:?}", walk(&mut Machine::new(&Real, scenario()), seed).unwrap());
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn random_runs_find_mistakes() {
    for mutation in [Mutation::NoReceiptCheck, Mutation::DuplicateRecordLost, Mutation::SizeOfRetry] {
        let mut machine = Machine::new(&mutation, scenario().without_rescuers());
        let found = (0..1_000).find_map(|seed| Some((seed, walk(&mut machine, seed).err()?)));
        let (seed, counterexample) = found.unwrap_or_else(|| panic!("{mutation:?} was not noticed"));
        println!("{mutation:?}: seed {seed}: {counterexample}");
    }
}
