//! What is queued for the writer, with the way back to its client.

use futures_channel::oneshot;
use pik_core::{Answer, IngestTime, StoreError, Submission};

use crate::write::evidence::Keep;
use crate::write::watermark::UnderWay;

/// What the submissions of a batch come to, in their order.
pub(crate) type Outcomes = Vec<Result<Answer, StoreError>>;

/// One entry of the writer's queue.
pub(crate) enum Entry {
    /// Somebody waits for it.
    Job(Job),
    /// Nobody does.
    Keep(Keep),
}

/// What is done in the next transaction.
pub(crate) enum Job {
    One(Box<Submission>, UnderWay, oneshot::Sender<Result<Answer, StoreError>>),
    Batch(Vec<Submission>, UnderWay, oneshot::Sender<Outcomes>),
    /// Keeps how far settled arrivals may be told.
    Settle(IngestTime, oneshot::Sender<Result<(), StoreError>>),
}

/// A job that has been done, once its transaction is committed.
pub(crate) enum Reply {
    One(Result<Answer, StoreError>, UnderWay, oneshot::Sender<Result<Answer, StoreError>>),
    Batch(Outcomes, UnderWay, oneshot::Sender<Outcomes>),
    Settle(Result<(), StoreError>, oneshot::Sender<Result<(), StoreError>>),
}

impl Job {
    /// How many submissions there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Batch(submissions, ..) => submissions.len(),
            Self::Settle(..) => 0,
        }
    }

    /// Does the job.
    pub(crate) fn settle<W>(
        self,
        work: &mut W,
        mut ingest: impl FnMut(&mut W, &Submission) -> Result<Answer, StoreError>,
        keep: impl FnOnce(&mut W, IngestTime) -> Result<(), StoreError>,
    ) -> Reply {
        match self {
            Self::One(submission, under_way, client) => Reply::One(ingest(work, &submission), under_way, client),
            Self::Batch(submissions, under_way, client) => {
                let outcomes = submissions.iter().map(|submission| ingest(work, submission)).collect();
                Reply::Batch(outcomes, under_way, client)
            }
            Self::Settle(ceiling, client) => Reply::Settle(keep(work, ceiling), client),
        }
    }
}

// A client that has disconnected is not told; what is committed stays so.
impl Reply {
    /// The transaction is committed.
    pub(crate) fn send(self) {
        match self {
            Self::One(outcome, under_way, client) => drop((client.send(outcome), under_way)),
            Self::Batch(outcomes, under_way, client) => drop((client.send(outcomes), under_way)),
            Self::Settle(outcome, client) => drop(client.send(outcome)),
        }
    }

    /// The transaction is lost, and with it everything that was done.
    pub(crate) fn fail(self, error: &StoreError) {
        match self {
            Self::One(_, _, client) => drop(client.send(Err(error.clone()))),
            Self::Batch(outcomes, _, client) => drop(client.send(vec![Err(error.clone()); outcomes.len()])),
            Self::Settle(_, client) => drop(client.send(Err(error.clone()))),
        }
    }
}
