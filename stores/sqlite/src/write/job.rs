//! What is queued for the writer, with the way back to its client.

use futures_channel::oneshot;
use pik_core::{Answer, StoreError, Submission};

/// What the submissions of a batch come to, in their order.
pub(crate) type Outcomes = Vec<Result<Answer, StoreError>>;

/// One entry of the writer's queue.
pub(crate) enum Job {
    One(Box<Submission>, oneshot::Sender<Result<Answer, StoreError>>),
    Batch(Vec<Submission>, oneshot::Sender<Outcomes>),
}

/// A job that has been done, once its transaction is committed.
pub(crate) enum Reply {
    One(Result<Answer, StoreError>, oneshot::Sender<Result<Answer, StoreError>>),
    Batch(Outcomes, oneshot::Sender<Outcomes>),
}

impl Job {
    /// How many submissions there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Batch(submissions, _) => submissions.len(),
        }
    }

    /// Ingests each submission.
    pub(crate) fn settle(self, mut ingest: impl FnMut(&Submission) -> Result<Answer, StoreError>) -> Reply {
        match self {
            Self::One(submission, client) => Reply::One(ingest(&submission), client),
            Self::Batch(submissions, client) => Reply::Batch(submissions.iter().map(ingest).collect(), client),
        }
    }
}

// A client that has disconnected is not told; what is committed stays so.
impl Reply {
    /// The transaction is committed.
    pub(crate) fn send(self) {
        match self {
            Self::One(outcome, client) => drop(client.send(outcome)),
            Self::Batch(outcomes, client) => drop(client.send(outcomes)),
        }
    }

    /// The transaction is lost, and with it everything that was done.
    pub(crate) fn fail(self, error: &StoreError) {
        match self {
            Self::One(_, client) => drop(client.send(Err(error.clone()))),
            Self::Batch(outcomes, client) => drop(client.send(vec![Err(error.clone()); outcomes.len()])),
        }
    }
}
