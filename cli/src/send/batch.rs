//! Events on their way into one request.

use crate::input::Item;
use crate::output::Place;

/// Whatever the number of events, a request ends here: well under what a host takes, and enough to make requests cheap.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The events of one request.
#[derive(Default)]
pub(crate) struct Batch {
    body: Vec<u8>,
    events: Vec<Entry>,
    /// Of the input, with line ends and blank lines.
    pub(crate) bytes_read: u64,
}

struct Entry {
    place: Place,
    start: usize,
    end: usize,
}

impl Batch {
    fn push(&mut self, place: Place, event: &[u8], bytes_read: u64) {
        let start = self.body.len();
        self.body.extend_from_slice(event);
        self.events.push(Entry { place, start, end: self.body.len() });
        self.body.push(b'\n');
        self.bytes_read += bytes_read;
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Where the events stand in the input.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.events.iter().map(|event| &event.place)
    }

    /// The request's content type and body. An event that spans lines is no line of NDJSON, and is stored as it came.
    pub(crate) fn request(&self) -> (&'static str, Vec<u8>) {
        match self.events.as_slice() {
            [only] if self.body[only.start..only.end].contains(&b'\n') => {
                ("application/json", [b"[", &self.body[only.start..only.end], b"]"].concat())
            }
            _ => ("application/x-ndjson", self.body.clone()),
        }
    }

    /// The events for which `wanted` holds, by their place in the batch.
    pub(crate) fn retain(self, wanted: impl Fn(usize) -> bool) -> Self {
        let mut kept = Self { bytes_read: self.bytes_read, ..Self::default() };
        for (index, event) in self.events.into_iter().enumerate() {
            if wanted(index) {
                kept.push(event.place, &self.body[event.start..event.end], 0);
            }
        }
        kept
    }

    /// Two halves; the second is empty when there is one event.
    pub(crate) fn split(self) -> (Self, Self) {
        let middle = self.len().div_ceil(2);
        let mut second = Self::default();
        for event in &self.events[middle..] {
            second.push(event.place.clone(), &self.body[event.start..event.end], 0);
        }
        (self.retain(|index| index < middle), second)
    }
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

    /// Adds an event; a batch that is full comes back.
    pub(crate) fn push(&mut self, item: &Item<'_>, event: &[u8]) -> Option<Batch> {
        let alone = event.contains(&b'\n');
        let fits = self.open.body.len() + event.len() < BATCH_BYTES && !alone;
        let full = if fits || self.open.len() == 0 { None } else { self.take() };
        self.open.push(item.place.clone(), event, item.bytes_read);
        if full.is_none() && (self.open.len() >= self.max_events || alone) { self.take() } else { full }
    }

    /// What has gathered.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        (self.open.len() > 0).then(|| std::mem::take(&mut self.open))
    }
}
