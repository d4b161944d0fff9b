//! Every interleaving, depth first; a state reached again in another way is not gone through again.

use std::collections::HashMap;
use std::fmt;

use crate::machine::{Machine, State};
use crate::scenario::Scenario;
use crate::step::Counterexample;
use crate::wire::Protocol;

/// How much was explored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explored {
    /// Ways from the beginning to an end; saturating.
    pub(crate) interleavings: u128,
    pub(crate) states: usize,
    pub(crate) contents: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interleavings, states, contents } = self;
        write!(f, "{interleavings} interleavings, {states} states, {contents} contents of the stores")
    }
}

/// Goes through all that may happen in the scenario; the error is the first place where a promise does not hold.
pub(crate) fn explore<P: Protocol>(protocol: &P, scenario: Scenario) -> Result<Explored, Counterexample> {
    explore_with(protocol, scenario, true)
}

/// [`explore`], going again through states that it has been in: slow, and to see that nothing is lost by not doing so.
pub(crate) fn explore_without_memory<P: Protocol>(
    protocol: &P,
    scenario: Scenario,
) -> Result<Explored, Counterexample> {
    explore_with(protocol, scenario, false)
}

fn explore_with<P: Protocol>(protocol: &P, scenario: Scenario, remembers: bool) -> Result<Explored, Counterexample> {
    let mut explorer = Explorer { machine: Machine::new(protocol, scenario), remembers, ways: HashMap::default() };
    let beginning = explorer.machine.beginning().map_err(|broken| Counterexample { broken, steps: Vec::new() })?;
    let interleavings = explorer.ways_from(&beginning).map_err(|mut counterexample| {
        counterexample.steps.reverse();
        counterexample
    })?;
    let contents = explorer.machine.contents_seen();
    Ok(Explored { interleavings, states: explorer.ways.len(), contents })
}

struct Explorer<'a, P> {
    machine: Machine<'a, P>,
    remembers: bool,
    /// The number of ways from a state to an end.
    ways: HashMap<State, u128>,
}

impl<P: Protocol> Explorer<'_, P> {
    /// Each step brings a request on or uses a fault up, so this ends, some dozens of steps deep.
    fn ways_from(&mut self, state: &State) -> Result<u128, Counterexample> {
        if self.remembers
            && let Some(ways) = self.ways.get(state)
        {
            return Ok(*ways);
        }
        self.machine.check(state).map_err(|broken| Counterexample { broken, steps: Vec::new() })?;
        let successors = self.machine.successors(state);
        let successors = successors.map_err(|(step, broken)| Counterexample { broken, steps: vec![step] })?;
        assert!(!successors.is_empty() || self.machine.is_over(state), "nothing goes on in {state:?}");
        let mut ways: u128 = u128::from(successors.is_empty());
        for (step, after) in successors {
            match self.ways_from(&after) {
                Ok(further) => ways = ways.saturating_add(further),
                Err(mut counterexample) => {
                    counterexample.steps.push(step);
                    return Err(counterexample);
                }
            }
        }
        self.ways.insert(state.clone(), ways);
        Ok(ways)
    }
}
