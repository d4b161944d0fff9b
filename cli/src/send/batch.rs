//! Events on their way into one request.

use pik_client::Envelope;

use crate::output::Place;

/// Whatever the number of events, a request ends here: well under what a host takes, and enough to make requests cheap.
pub(crate) const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The events of one request, each with its place in the input.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Envelope>,
    pub(crate) places: Vec<Place>,
    event_bytes: usize,
    /// Of the input, with line ends and blank lines.
    pub(crate) bytes_read: u64,
}

/// Gathers events into batches.
pub(crate) struct Batcher {
    max_events: usize,
    open: Batch,
}

impl Batcher {
    pub(crate) fn new(max_events: usize) -> Self {
        Self { max_events, open: Batch::default() }
    }

    /// Adds an event. A batch that is full comes back, without the event if it did not fit.
    pub(crate) fn push(&mut self, place: Place, event: Envelope, bytes_read: u64) -> Option<Batch> {
        let more = event.raw().len() + 1;
        let full = if self.open.event_bytes + more > BATCH_BYTES { self.take() } else { None };
        self.open.event_bytes += more;
        self.open.bytes_read += bytes_read;
        self.open.events.push(event);
        self.open.places.push(place);
        // A batch that was taken just now leaves room for this event, unless one event is a batch.
        full.or_else(|| if self.open.events.len() >= self.max_events { self.take() } else { None })
    }

    /// What has gathered.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        (!self.open.events.is_empty()).then(|| std::mem::take(&mut self.open))
    }
}
