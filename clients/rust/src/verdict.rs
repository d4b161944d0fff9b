//! What became of an event.

use pik_core::{EventId, Outcome, RawKey};

use crate::Problem;

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The event is durable: now, or it was before. In a dry run: it would be.
    Stored(Stored),
    /// The event breaks the contract, or a limit of the host. Sending it again changes nothing.
    Rejected(Vec<Problem>),
    /// The host failed for this event until the tries ran out. It may be sent again.
    Failed(Problem),
    /// No answer says anything of it: it may be stored or not. It may be sent again.
    Open,
}

/// An event that the host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The event's id. It was compared with the one that was computed here.
    pub event_id: EventId,
    /// ACCEPTED for the first occurrence, DUPLICATE for a later one.
    pub status: Outcome,
    /// Ingest time minus event time of this occurrence, in milliseconds.
    pub ingest_lag_ms: i64,
    /// The key of the raw object.
    pub raw_key: RawKey,
}

impl Verdict {
    /// Whether the event need not be sent again: it is stored, or it is rejected.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Stored(_) | Self::Rejected(_) => true,
            Self::Failed(_) | Self::Open => false,
        }
    }
}
