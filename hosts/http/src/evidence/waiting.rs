//! Evidence that waits to be written, bounded whatever clients send.

use core::future::poll_fn;
use core::task::Poll;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use futures_util::task::AtomicWaker;
use pik_core::{CountedUnder, Evidence, IngestTime, Refusals, RejectionBounds, RejectionKey, RejectionRecord};

/// The most records that wait. What is refused beyond them is counted alone.
const MAX_RECORDS: usize = 10_000;
/// The most bytes of them.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most counts that tell sources and types apart.
const MAX_COUNTS: usize = 4_096;
/// The most bytes that are hashed between two writes. A hash costs as much as to parse.
const MAX_HASHED_BYTES: usize = 32 * 1024 * 1024;

const MS_PER_MINUTE: i64 = 60_000;

/// Evidence that waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    state: Mutex<State>,
    /// Of the one that writes.
    writer: AtomicWaker,
    a_minute: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<RejectionKey, RejectionRecord>,
    bytes: usize,
    counts: BTreeMap<CountedUnder, Refusals>,
    hashed: usize,
    /// The minute since 1970, and how many records it has begun.
    minute: (i64, usize),
    is_drained: bool,
    is_writing: bool,
    /// Those who want to read what waits.
    readers: Vec<oneshot::Sender<()>>,
}

/// Somebody writes what waits, until this is dropped.
pub(crate) struct Drained<'w>(&'w Waiting);

impl Drop for Drained<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_drained = false;
        state.readers.clear();
    }
}

impl Waiting {
    /// Takes at most `a_minute` records in a minute, if that is said.
    pub(crate) fn new(a_minute: Option<usize>) -> Self {
        Self { a_minute, ..Self::default() }
    }

    // Every change keeps the sums beside it right, and nothing in between panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether as many bytes may be hashed.
    pub(crate) fn may_hash(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let hashed = state.hashed + bytes;
        let fits = hashed <= MAX_HASHED_BYTES;
        if fits {
            state.hashed = hashed;
        }
        fits
    }

    /// Counts a refused event, and takes its record if there is room for it.
    pub(crate) fn add(&self, under: CountedUnder, record: Option<RejectionRecord>) {
        let mut state = self.lock();
        let is_recorded = record.is_some_and(|record| state.record(record, self.a_minute));
        state.count(under, Refusals { count: 1, unrecorded: u64::from(!is_recorded) });
        drop(state);
        self.writer.wake();
    }

    /// Takes out all that waits, and those who want to read it. Between this and [`Waiting::written`] it is being written.
    pub(crate) fn take(&self, bounds: RejectionBounds, now: IngestTime) -> (Evidence, Vec<oneshot::Sender<()>>) {
        let mut state = self.lock();
        state.is_writing = true;
        (state.bytes, state.hashed) = (0, 0);
        let records = core::mem::take(&mut state.records).into_values().collect();
        let counts = core::mem::take(&mut state.counts);
        (Evidence { records, counts, bounds, now }, core::mem::take(&mut state.readers))
    }

    /// Takes back what could not be written, if there is such. Records for which there is no room any more become mere
    /// counts.
    pub(crate) fn written(&self, rest: Option<Evidence>) {
        let mut state = self.lock();
        state.is_writing = false;
        let Some(rest) = rest else { return };
        for (under, refusals) in rest.counts {
            state.count(under, refusals);
        }
        for record in rest.records {
            // Their events are counted already, here or in the store, as ones that have a record.
            state.record(record, None);
        }
    }

    /// Somebody begins to write what waits, again and again.
    pub(crate) fn begin(&self) -> Drained<'_> {
        self.lock().is_drained = true;
        Drained(self)
    }

    /// Whether nothing waits to be written, or is being written.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.is_empty() && !state.is_writing
    }

    /// Asks the one that writes not to wait any longer, and says how to hear that it has written. `None` when there is
    /// none.
    pub(crate) fn want(&self) -> Option<oneshot::Receiver<()>> {
        let mut state = self.lock();
        if !state.is_drained {
            return None;
        }
        let (reader, written) = oneshot::channel();
        state.readers.push(reader);
        drop(state);
        self.writer.wake();
        Some(written)
    }

    /// Until something waits, or somebody.
    pub(crate) async fn some(&self) {
        self.until(|state| !state.is_empty() || !state.readers.is_empty()).await;
    }

    /// Until somebody wants what waits to be written.
    pub(crate) async fn wanted(&self) {
        self.until(|state| !state.readers.is_empty()).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        poll_fn(|context| {
            self.writer.register(context.waker());
            if is_so(&self.lock()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.counts.is_empty()
    }

    /// Whether the record is, or becomes part of, one that waits.
    fn record(&mut self, record: RejectionRecord, a_minute: Option<usize>) -> bool {
        let minute = record.first_time.unix_ms().div_euclid(MS_PER_MINUTE);
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        let is_full = self.records.len() >= MAX_RECORDS || a_minute.is_some_and(|most| self.minute.1 >= most);
        match self.records.entry(record.key()) {
            Entry::Occupied(mut there) => {
                let before = there.get().size();
                there.get_mut().merge(record);
                self.bytes += there.get().size() - before;
                true
            }
            Entry::Vacant(_) if is_full || self.bytes + record.size() > MAX_BYTES => false,
            Entry::Vacant(place) => {
                self.minute.1 += 1;
                self.bytes += record.size();
                place.insert(record);
                true
            }
        }
    }

    fn count(&mut self, mut under: CountedUnder, refusals: Refusals) {
        if self.counts.len() >= MAX_COUNTS && !self.counts.contains_key(&under) {
            (under.source, under.event_type) = (None, None);
        }
        self.counts.entry(under).or_default().add(refusals);
    }
}

#[cfg(test)]
mod tests {
    use pik_core::{BodyHash, Code, CountedCode, KeptError, hour_of};

    use super::*;

    fn now() -> IngestTime {
        "2025-12-29T20:15:35.580Z".parse().unwrap()
    }

    fn record(number: usize) -> RejectionRecord {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        RejectionRecord {
            first_time: now(),
            last_time: now(),
            count: 1,
            request_id: "r".into(),
            index: None,
            errors: vec![KeptError { code: Code::Empty, path: "/source".into() }],
            length: 2,
            sha256: BodyHash::from_bytes(hash),
            legible: Default::default(),
            token: None,
            user_agent: None,
            body: None,
        }
    }

    fn under(source: Option<String>) -> CountedUnder {
        let code = CountedCode::Rejected(Code::Empty);
        CountedUnder { hour: hour_of(now()), source, event_type: None, code }
    }

    fn take(waiting: &Waiting) -> Evidence {
        let (evidence, _) = waiting.take(RejectionBounds::default(), now());
        waiting.written(None);
        evidence
    }

    fn sum(evidence: &Evidence) -> Refusals {
        let mut sum = Refusals::default();
        evidence.counts.values().for_each(|refusals| sum.add(*refusals));
        sum
    }

    #[test]
    fn what_finds_no_room_is_counted_all_the_same() {
        let waiting = Waiting::new(None);
        for number in 0..2 * MAX_RECORDS {
            waiting.add(under(Some(format!("s{number}"))), Some(record(number)));
        }
        // Equal ones need no room.
        waiting.add(under(None), Some(record(0)));
        let taken = take(&waiting);
        let again = taken.records.iter().find(|there| there.key() == record(0).key()).map(|there| there.count);
        assert_eq!((taken.records.len(), again), (MAX_RECORDS, Some(2)));
        assert_eq!(sum(&taken), Refusals { count: 2 * MAX_RECORDS as u64 + 1, unrecorded: MAX_RECORDS as u64 });
        assert!(taken.counts.len() <= MAX_COUNTS + 1);
        assert!(waiting.is_idle());
        waiting.add(under(None), Some(record(1)));
        assert_eq!(sum(&take(&waiting)).unrecorded, 0, "there is room again");
    }

    #[test]
    fn a_minute_begins_so_many_records_and_no_more() {
        let waiting = Waiting::new(Some(3));
        for number in 0..5 {
            waiting.add(under(None), Some(record(number)));
            take(&waiting);
        }
        waiting.add(under(None), Some(record(7)));
        assert!(take(&waiting).records.is_empty());
        let later = IngestTime::from_unix_ms(now().unix_ms() + MS_PER_MINUTE).unwrap();
        waiting.add(under(None), Some(RejectionRecord { first_time: later, ..record(7) }));
        assert_eq!(take(&waiting).records.len(), 1);
    }

    #[test]
    fn what_comes_back_is_counted_once() {
        let waiting = Waiting::new(Some(1));
        waiting.add(under(None), Some(record(0)));
        let taken = take(&waiting);
        waiting.add(under(None), Some(record(0)));
        waiting.written(Some(taken));
        let taken = take(&waiting);
        assert_eq!((sum(&taken), taken.records.len()), (Refusals { count: 2, unrecorded: 1 }, 1));
    }

    #[test]
    fn hashing_is_bounded() {
        let waiting = Waiting::new(None);
        assert!(waiting.may_hash(MAX_HASHED_BYTES) && !waiting.may_hash(1));
        waiting.add(under(None), None);
        take(&waiting);
        assert!(waiting.may_hash(1));
    }
}
