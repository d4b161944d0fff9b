//! What happened, for the reader of a trace.

use std::fmt;
use std::rc::Rc;

use pik_core::{Claim, Commit, Put};

use crate::fault::Fault;
use crate::promises::Broken;
use crate::scenario::name;
use crate::wire::Reply;

/// One step of the schedule.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The client and its attempt; none, when a call takes effect whose attempt is over.
    pub(crate) who: Option<(usize, u8)>,
    pub(crate) what: What,
}

/// What happens in a step.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A call has its effect.
    Effect(&'static str),
    /// The request receives the reply and goes on.
    Reply(Rc<Reply>),
    Fault(Fault, &'static str),
    Retry,
    LateEffect(&'static str),
}

impl Step {
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self.what, What::Fault(..))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Some((client, attempt)) => write!(f, "{}{attempt}: ", name(client))?,
            None => write!(f, "  : ")?,
        }
        match &self.what {
            What::Effect(call) => write!(f, "{call} takes effect"),
            What::Reply(reply) => write!(f, "receives {}", brief(reply)),
            What::Fault(fault, call) => write!(f, "{fault:?} at {call}"),
            What::Retry => write!(f, "is tried again"),
            What::LateEffect(call) => write!(f, "a late {call} takes effect"),
        }
    }
}

fn brief(reply: &Reply) -> String {
    match reply {
        Reply::Claim(Claim::New) => "New".into(),
        Reply::Claim(Claim::Found(first)) => format!("Found({} of {})", first.status.as_str(), first.receipt),
        Reply::Put(Put::Created) => "Created".into(),
        Reply::Put(Put::Exists) => "Exists".into(),
        Reply::Size(size) => format!("{size:?} bytes"),
        Reply::Bytes(bytes) => format!("{:?} bytes", bytes.as_ref().map(bytes::Bytes::len)),
        Reply::Commit(Commit::Done) => "Done".into(),
        Reply::Commit(Commit::Already(receipt)) => format!("Already({receipt})"),
        Reply::Recorded => "Recorded".into(),
        Reply::Found(record) => format!("{:?}", record.as_ref().map(|record| record.status)),
        Reply::Failed => "an error".into(),
        Reply::Refused => "a refusal".into(),
    }
}

/// A promise that did not hold, and how it came to that.
#[derive(Debug)]
pub(crate) struct Counterexample {
    pub(crate) broken: Broken,
    pub(crate) steps: Vec<Step>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} does not hold: {}", self.broken.promise, self.broken.how)?;
        for step in &self.steps {
            writeln!(f, "  {step}")?;
        }
        Ok(())
    }
}
