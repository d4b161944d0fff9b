//! The scheduler's view: where every request stands, what may happen next, and whether all promises hold there.
//!
//! A request stands where the replies it received have brought it, so it is polled once for each sequence of replies
//! and each call is applied once to each contents of the stores. What is explored is then made of small numbers.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pik_core::{Answer, Clock, EventId, Outcome, Status, StoreError, Submission};

use crate::contents::Contents;
use crate::fault::Aftermath;
use crate::interner::{Interner, Number};
use crate::promises::{Broken, Promise, Promises};
use crate::scenario::Scenario;
use crate::step::{Step, What};
use crate::wire::{Call, Next, Protocol, Reply, next};

/// One instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) contents: Number,
    /// Calls still under way of which no request knows any more, in numerical order.
    pub(crate) under_way: Vec<Number>,
    pub(crate) clients: Vec<Client>,
    pub(crate) faults_left: u8,
}

impl State {
    fn with_client(&self, index: usize, client: Client) -> Self {
        let mut state = self.clone();
        state.clients[index] = client;
        state
    }
}

/// What may happen next, and the instant after it.
pub(crate) type Successors = Vec<(Step, State)>;

/// Where one client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// Which of its attempts this is.
    pub(crate) attempt: u8,
    pub(crate) at: At,
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// Its call is under way.
    Asks(Number),
    /// Its call had its effect; the reply is under way.
    Awaits(Number, Number),
    /// It had an error or crashed.
    Gone,
    /// It was answered.
    Answered(Number),
}

/// An attempt after some replies.
struct Position {
    submission: Rc<Submission>,
    replies: Vec<Number>,
    next: Rest,
}

/// What an attempt does there.
enum Rest {
    Asks(Number),
    Answered(Answer),
    Failed(StoreError),
}

/// A protocol, a scenario, and everything already known of them.
pub(crate) struct Machine<'a, P> {
    protocol: &'a P,
    clock: Clock,
    pub(crate) scenario: Scenario,
    promises: Promises,
    contents: Interner<Contents>,
    calls: Interner<Call>,
    replies: Interner<Reply>,
    positions: Vec<Position>,
    /// Where an attempt begins, by client and attempt; rescuers have none.
    beginnings: HashMap<(usize, u8), Number>,
    after_reply: HashMap<(Number, Number), Number>,
    effects: HashMap<(Number, Number), (Number, Number)>,
    answers_checked: HashSet<(Number, Number)>,
    rescued: HashSet<Number>,
}

impl<'a, P: Protocol> Machine<'a, P> {
    pub(crate) fn new(protocol: &'a P, scenario: Scenario) -> Self {
        Self {
            protocol,
            clock: Clock::standing(scenario.clock),
            promises: Promises::new(scenario.sent(), scenario.clock),
            scenario,
            contents: Interner::default(),
            calls: Interner::default(),
            replies: Interner::default(),
            positions: Vec::new(),
            beginnings: HashMap::default(),
            after_reply: HashMap::default(),
            effects: HashMap::default(),
            answers_checked: HashSet::default(),
            rescued: HashSet::default(),
        }
    }

    /// Empty stores, and every client's first attempt about to make its first call.
    pub(crate) fn beginning(&mut self) -> Result<State, Broken> {
        let contents = self.contents.number(Contents::default());
        let clients = (0..self.scenario.clients.len()).map(|client| self.begin(client, 0)).collect::<Result<_, _>>()?;
        Ok(State { contents, under_way: Vec::new(), clients, faults_left: self.scenario.fault_budget })
    }

    /// Everything that may happen next.
    pub(crate) fn successors(&mut self, state: &State) -> Result<Successors, (Step, Broken)> {
        let mut successors = Vec::new();
        for client in 0..state.clients.len() {
            self.step_client(state, client, &mut successors)?;
            if state.faults_left > 0 {
                self.strike_client(state, client, &mut successors)?;
            }
        }
        for (index, call) in state.under_way.iter().enumerate() {
            // Two of the same call are one.
            if index > 0 && state.under_way[index - 1] == *call {
                continue;
            }
            let step = Step { who: None, what: What::LateEffect(self.calls.value(*call).name()) };
            let (contents, _) = self.effect(state.contents, *call).map_err(|broken| (step.clone(), broken))?;
            let mut after = State { contents, ..state.clone() };
            after.under_way.remove(index);
            successors.push((step, after));
        }
        Ok(successors)
    }

    /// A client goes on as it should.
    fn step_client(&mut self, state: &State, client: usize, successors: &mut Successors) -> Result<(), (Step, Broken)> {
        let Client { attempt, at } = state.clients[client];
        let moved = |at| state.with_client(client, Client { attempt, at });
        let step = |what| Step { who: Some((client, attempt)), what };
        match at {
            At::Answered(_) => {}
            At::Gone => {
                let retry = self.begin(client, attempt + 1).map_err(|broken| (step(What::Retry), broken))?;
                successors.push((step(What::Retry), state.with_client(client, retry)));
            }
            At::Asks(position) => {
                let call = self.call_at(position);
                let what = step(What::Effect(self.calls.value(call).name()));
                let (contents, reply) = self.effect(state.contents, call).map_err(|broken| (what.clone(), broken))?;
                successors.push((what, State { contents, ..moved(At::Awaits(position, reply)) }));
            }
            At::Awaits(position, reply) => {
                let what = step(What::Reply(self.replies.value(reply)));
                let at = self.deliver(position, reply).map_err(|broken| (what.clone(), broken))?;
                successors.push((what, moved(at)));
            }
        }
        Ok(())
    }

    /// A fault strikes the call that a client waits for.
    fn strike_client(
        &mut self,
        state: &State,
        client: usize,
        successors: &mut Successors,
    ) -> Result<(), (Step, Broken)> {
        let Client { attempt, at } = state.clients[client];
        let (position, had_effect) = match at {
            At::Asks(position) => (position, false),
            At::Awaits(position, _) => (position, true),
            At::Gone | At::Answered(_) => return Ok(()),
        };
        let call = self.call_at(position);
        let (name, writes) = (self.calls.value(call).name(), self.calls.value(call).writes());
        for fault in self.scenario.faults {
            // A call that only reads may be late without anyone noticing.
            if fault.strikes_after_effect() != had_effect || (fault.leaves_call_under_way() && !writes) {
                continue;
            }
            let what = Step { who: Some((client, attempt)), what: What::Fault(*fault, name) };
            let at = match fault.aftermath() {
                Aftermath::Gone => At::Gone,
                Aftermath::SameCall => At::Asks(position),
                Aftermath::Error => {
                    let failed = self.replies.number(Reply::Failed);
                    self.deliver(position, failed).map_err(|broken| (what.clone(), broken))?
                }
            };
            let mut after = state.with_client(client, Client { attempt, at });
            after.faults_left -= 1;
            if fault.leaves_call_under_way() {
                let place = after.under_way.partition_point(|other| *other < call);
                after.under_way.insert(place, call);
            }
            successors.push((what, after));
        }
        Ok(())
    }

    /// Whether all promises hold now.
    pub(crate) fn check(&mut self, state: &State) -> Result<(), Broken> {
        for client in &state.clients {
            if let At::Answered(position) = client.at {
                self.check_answer(state.contents, position)?;
            }
        }
        let answers: Vec<_> = state.clients.iter().filter_map(|client| self.answer_of(client)).collect();
        self.promises.of_answers(&answers)?;
        if answers.len() == state.clients.len() {
            for id in self.scenario.events.iter().filter(|id| self.is_undisturbed(state, id)) {
                self.promises.of_undisturbed(id, &answers)?;
            }
        }
        self.rescue(state.contents)
    }

    fn check_answer(&mut self, contents: Number, position: Number) -> Result<(), Broken> {
        let Position { submission, next: Rest::Answered(answer), .. } = &self.positions[position as usize] else {
            unreachable!("answered without an answer");
        };
        if !self.answers_checked.contains(&(contents, position)) {
            self.promises.of_answer(&self.contents.value(contents), submission, answer)?;
            self.answers_checked.insert((contents, position));
        }
        Ok(())
    }

    /// Whether every request was answered.
    pub(crate) fn is_over(&self, state: &State) -> bool {
        state.clients.iter().all(|client| self.answer_of(client).is_some())
    }

    /// How many contents of the stores were seen.
    pub(crate) fn contents_seen(&self) -> usize {
        self.contents.len()
    }

    fn answer_of(&self, client: &Client) -> Option<&Answer> {
        match client.at {
            At::Answered(position) => match &self.positions[position as usize].next {
                Rest::Answered(answer) => Some(answer),
                Rest::Asks(_) | Rest::Failed(_) => None,
            },
            At::Asks(_) | At::Awaits(..) | At::Gone => None,
        }
    }

    /// Whether no client that sent this event needed a second attempt.
    fn is_undisturbed(&self, state: &State, id: &EventId) -> bool {
        let mut clients = state.clients.iter().zip(&self.scenario.clients);
        clients.all(|(client, sent)| client.attempt == 0 || sent[0].event_id != *id)
    }

    /// From here, with everything stopped: one more attempt for each event, alone, is answered.
    fn rescue(&mut self, contents: Number) -> Result<(), Broken> {
        if self.rescued.contains(&contents) {
            return Ok(());
        }
        let mut now = (*self.contents.value(contents)).clone();
        for rescuer in &self.scenario.rescuers {
            self.rescue_one(&mut now, rescuer).map_err(|Broken { promise, how }| {
                let how = format!("everything stopped, then {} came: {how}", rescuer.receipt);
                Broken { promise, how }
            })?;
        }
        self.rescued.insert(contents);
        Ok(())
    }

    fn rescue_one(&self, now: &mut Contents, rescuer: &Submission) -> Result<(), Broken> {
        let expected = match now.first.get(&rescuer.event_id).map(|first| first.status) {
            Some(Status::Accepted) => Outcome::Duplicate,
            Some(Status::Pending | Status::Duplicate) | None => Outcome::Accepted,
        };
        let mut replies = Vec::new();
        let answer = loop {
            match next(self.protocol, &self.clock, rescuer, &replies) {
                Next::Asks(call) => {
                    let before = now.clone();
                    replies.push(now.apply(&call));
                    self.promises.of_change(&before, now)?;
                    self.promises.of_contents(now)?;
                }
                Next::Ends(Ok(answer)) => break answer,
                Next::Ends(Err(error)) => {
                    return Err(Broken { promise: Promise::NextCompletes, how: format!("it failed: {error}") });
                }
            }
        };
        self.promises.of_answer(now, rescuer, &answer)?;
        if answer.status == expected {
            return Ok(());
        }
        let how = format!("it was {} instead of {}", answer.status.as_str(), expected.as_str());
        Err(Broken { promise: Promise::OneAccepted, how })
    }

    fn begin(&mut self, client: usize, attempt: u8) -> Result<Client, Broken> {
        let position = match self.beginnings.get(&(client, attempt)) {
            Some(position) => *position,
            None => {
                let submission = Rc::new(self.scenario.clients[client][usize::from(attempt)].clone());
                let position = self.position(submission, Vec::new());
                self.beginnings.insert((client, attempt), position);
                position
            }
        };
        Ok(Client { attempt, at: self.rest_at(position)? })
    }

    fn position(&mut self, submission: Rc<Submission>, replies: Vec<Number>) -> Number {
        let received: Vec<_> = replies.iter().map(|reply| (*self.replies.value(*reply)).clone()).collect();
        let next = match next(self.protocol, &self.clock, &submission, &received) {
            Next::Asks(call) => Rest::Asks(self.calls.number(call)),
            Next::Ends(Ok(answer)) => Rest::Answered(answer),
            Next::Ends(Err(error)) => Rest::Failed(error),
        };
        self.positions.push(Position { submission, replies, next });
        Number::try_from(self.positions.len() - 1).unwrap()
    }

    fn deliver(&mut self, position: Number, reply: Number) -> Result<At, Broken> {
        let next = match self.after_reply.get(&(position, reply)) {
            Some(next) => *next,
            None => {
                let Position { submission, replies, .. } = &self.positions[position as usize];
                let (submission, mut replies) = (submission.clone(), replies.clone());
                replies.push(reply);
                let next = self.position(submission, replies);
                self.after_reply.insert((position, reply), next);
                next
            }
        };
        self.rest_at(next)
    }

    fn rest_at(&self, number: Number) -> Result<At, Broken> {
        let position = &self.positions[number as usize];
        match &position.next {
            Rest::Asks(_) => Ok(At::Asks(number)),
            Rest::Answered(_) => Ok(At::Answered(number)),
            Rest::Failed(error) => {
                let injected = position.replies.iter().any(|reply| *self.replies.value(*reply) == Reply::Failed);
                if injected {
                    return Ok(At::Gone);
                }
                Err(Broken {
                    promise: Promise::NextCompletes,
                    how: format!("{} failed and no store had: {error}", position.submission.receipt),
                })
            }
        }
    }

    fn call_at(&self, position: Number) -> Number {
        match self.positions[position as usize].next {
            Rest::Asks(call) => call,
            Rest::Answered(_) | Rest::Failed(_) => unreachable!("an attempt that ended asks for nothing"),
        }
    }

    fn effect(&mut self, contents: Number, call: Number) -> Result<(Number, Number), Broken> {
        if let Some(effect) = self.effects.get(&(contents, call)) {
            return Ok(*effect);
        }
        let before = self.contents.value(contents);
        let mut after = (*before).clone();
        let reply = after.apply(&self.calls.value(call));
        self.promises.of_change(&before, &after)?;
        self.promises.of_contents(&after)?;
        let effect = (self.contents.number(after), self.replies.number(reply));
        self.effects.insert((contents, call), effect);
        Ok(effect)
    }
}
