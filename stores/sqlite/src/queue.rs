//! A bounded queue that is emptied many at a time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much an entry takes of a queue's room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

/// Why an entry was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no room.
    Full,
    /// The consumer of the queue has ended.
    Closed,
}

/// What there was to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// At least one entry; the first has waited so long.
    Some { waited: Duration },
    /// None, for as long as patience lasted.
    Nothing,
    /// None, and none will come: the queue is closed and empty.
    Closed,
}

/// How long to wait for more when there is something already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Linger {
    /// Until this many items are queued,
    pub(crate) items: usize,
    /// but no longer than this.
    pub(crate) at_most: Duration,
}

struct State<T> {
    entries: VecDeque<(Weight, Instant, T)>,
    items: usize,
    bytes: usize,
    // The consumer sleeps until this many items are queued.
    wanted: usize,
    closed: bool,
}

/// Entries on their way to a thread.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    room: Weight,
}

impl<T> Queue<T> {
    pub(crate) fn new(room: Weight) -> Self {
        let state = State { entries: VecDeque::new(), items: 0, bytes: 0, wanted: 0, closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), room }
    }

    // A thread that panicked cannot have left half a change: nothing in the critical sections panics.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry unless the queue is full. An entry that finds room may overshoot it, so that none is too large
    /// for an empty queue.
    pub(crate) fn push(&self, weight: Weight, entry: T) -> Result<(), Refused> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.items >= self.room.items || state.bytes >= self.room.bytes {
            return Err(Refused::Full);
        }
        state.items += weight.items;
        state.bytes += weight.bytes;
        state.entries.push_back((weight, Instant::now(), entry));
        let wake = state.items >= state.wanted;
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for entries and moves them into `taken`, oldest first, until these come to `limit` items. With `patience`
    /// it waits no longer than that for the first.
    pub(crate) fn take(&self, limit: usize, patience: Option<Duration>, linger: Linger, taken: &mut Vec<T>) -> Taken {
        let mut state = self.state();
        while state.entries.is_empty() {
            if state.closed {
                return Taken::Closed;
            }
            state = match patience {
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (state, wait) =
                        self.filled.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    if wait.timed_out() && state.entries.is_empty() && !state.closed {
                        return Taken::Nothing;
                    }
                    state
                }
            };
        }
        if state.items < linger.items && !state.closed {
            state.wanted = linger.items;
            state = self
                .filled
                .wait_timeout_while(state, linger.at_most, |state| state.items < linger.items && !state.closed)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.wanted = 0;
        }
        let waited = state.entries.front().map_or(Duration::ZERO, |(_, queued, _)| queued.elapsed());
        let mut items = 0;
        while items < limit {
            let Some((weight, _, entry)) = state.entries.pop_front() else { break };
            items += weight.items;
            state.items -= weight.items;
            state.bytes -= weight.bytes;
            taken.push(entry);
        }
        Taken::Some { waited }
    }

    /// What waits now.
    pub(crate) fn waiting(&self) -> Weight {
        let state = self.state();
        Weight { items: state.items, bytes: state.bytes }
    }

    /// What may wait.
    pub(crate) fn room(&self) -> Weight {
        self.room
    }

    /// Takes nothing more in; what is there can still be taken out.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
    }
}

/// Closes the queue when its thread ends, however it ends, so that no caller waits for an answer that never comes.
pub(crate) struct CloseOnDrop<'a, T>(pub(crate) &'a Queue<T>);

impl<T> Drop for CloseOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.close();
        self.0.state().entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(items: usize, bytes: usize) -> Weight {
        Weight { items, bytes }
    }

    #[test]
    fn refuses_when_full_by_items_or_bytes() {
        let queue = Queue::new(weight(2, 100));
        assert_eq!(queue.push(weight(1, 10), 'a'), Ok(()));
        assert_eq!(queue.push(weight(1, 10), 'b'), Ok(()));
        assert_eq!(queue.push(weight(1, 10), 'c'), Err(Refused::Full));

        let queue = Queue::new(weight(100, 10));
        assert_eq!(queue.push(weight(1, 500), 'a'), Ok(()), "nothing is too large for an empty queue");
        assert_eq!(queue.push(weight(1, 1), 'b'), Err(Refused::Full));
    }

    #[test]
    fn takes_in_order_up_to_the_limit() {
        let queue = Queue::new(weight(100, 100));
        for (items, entry) in [(1, 'a'), (5, 'b'), (1, 'c')] {
            queue.push(weight(items, 1), entry).unwrap();
        }
        let mut taken = Vec::new();
        assert!(matches!(queue.take(2, None, Linger::default(), &mut taken), Taken::Some { .. }));
        assert_eq!(taken, ['a', 'b']);
        queue.close();
        assert_eq!(queue.push(weight(1, 1), 'd'), Err(Refused::Closed));
        assert!(matches!(queue.take(2, None, Linger::default(), &mut taken), Taken::Some { .. }));
        assert_eq!(taken, ['a', 'b', 'c']);
        assert_eq!(queue.take(2, None, Linger::default(), &mut taken), Taken::Closed);
    }

    #[test]
    fn room_comes_back_when_entries_are_taken() {
        let queue = Queue::new(weight(1, 100));
        queue.push(weight(1, 1), 'a').unwrap();
        let mut taken = Vec::new();
        queue.take(1, None, Linger::default(), &mut taken);
        assert_eq!(queue.take(1, Some(Duration::ZERO), Linger::default(), &mut taken), Taken::Nothing);
        assert_eq!(queue.push(weight(1, 1), 'b'), Ok(()));
    }
}
