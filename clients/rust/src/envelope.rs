//! An event that is ready to be sent.

use std::fmt;

use pik_core::{Event, EventId, Rejection};

/// The bytes of one event, which keep the contract, and its id.
///
/// ```
/// use pik_client::Envelope;
///
/// let envelope = Envelope::new(br#" {"source":"demo","event_type":"heartbeat","entity_id":"user_123",
///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}} "#)?;
/// assert_eq!(envelope.id().to_string(), "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec");
/// assert!(envelope.raw().starts_with(b"{"));
///
/// let rejection = Envelope::new(b"[]").unwrap_err();
/// assert_eq!(rejection.problems()[0].code.as_str(), "not_an_object");
/// # Ok::<(), pik_client::pik_core::Rejection>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    id: EventId,
    raw: Vec<u8>,
}

impl Envelope {
    /// Reads an event. What a host would reject is told here, before anything is sent.
    pub fn new(body: &[u8]) -> Result<Self, Rejection> {
        Event::parse(body).map(|event| Self::of(&event))
    }

    /// Takes an event that was read already.
    pub fn of(event: &Event<'_>) -> Self {
        Self { id: *event.id(), raw: event.raw().to_vec() }
    }

    /// The id that a host will answer.
    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// The bytes that are sent, from `{` to `}`.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

/// Without the payload, which belongs in no log.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("id", &self.id).field("bytes", &self.raw.len()).finish()
    }
}
