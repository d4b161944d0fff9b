//! How many connections are open at once, and which one makes room.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Phase, PhaseClock};
use crate::gate::Admission;

/// Connections beyond the limit that may ask for the server's health.
const RESERVE: usize = 8;

/// A connection that has waited for its client so long may be closed for another. Clients that send one request after the
/// other pause for less.
const WAITED: Duration = Duration::from_secs(1);

/// How often a full house is looked through for a connection that has waited long enough.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The open connections.
pub(super) struct Slots {
    limit: usize,
    table: Mutex<Table>,
    freed: Notify,
}

#[derive(Default)]
struct Table {
    open: HashMap<u64, Entry>,
    full: usize,
    next: u64,
}

struct Entry {
    clock: Arc<PhaseClock>,
    close: Arc<Notify>,
    admission: Admission,
}

/// One open connection, until it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    key: u64,
    pub(super) clock: Arc<PhaseClock>,
    /// Told when the connection has to make room.
    pub(super) close: Arc<Notify>,
}

impl Slots {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, table: Mutex::default(), freed: Notify::new() }
    }

    /// A place for one more connection; at the limit, that of the connection that has waited for its client the longest.
    pub(super) async fn take(self: &Arc<Self>) -> Slot {
        loop {
            let freed = self.freed.notified();
            if let Some(slot) = self.try_take() {
                return slot;
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, freed).await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let mut table = self.table();
        if table.full < self.limit {
            return Some(self.add(&mut table, Admission::Full));
        }
        if let Some(longest) = table.longest_waiting() {
            let entry = table.open.remove(&longest).expect("a key just found in the table");
            table.leave(entry.admission);
            entry.close.notify_one();
            return Some(self.add(&mut table, Admission::Full));
        }
        let reserve = table.open.len() - table.full;
        (reserve < RESERVE).then(|| self.add(&mut table, Admission::HealthOnly))
    }

    fn add(self: &Arc<Self>, table: &mut Table, admission: Admission) -> Slot {
        let key = table.next;
        table.next += 1;
        table.full += usize::from(admission == Admission::Full);
        let (clock, close) = (Arc::new(PhaseClock::new()), Arc::new(Notify::new()));
        table.open.insert(key, Entry { clock: Arc::clone(&clock), close: Arc::clone(&close), admission });
        Slot { slots: Arc::clone(self), key, clock, close }
    }

    /// Waits until no connection is open.
    pub(super) async fn all_free(&self) {
        loop {
            let freed = self.freed.notified();
            if self.table().open.is_empty() {
                return;
            }
            freed.await;
        }
    }

    /// Waits until no connection is as old as this.
    pub(super) async fn all_younger(&self, age: Duration) {
        while self.table().open.values().any(|entry| entry.clock.age() >= age) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    // Nothing in the critical sections panics but on a broken table.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Idle connections go before those within a head, which a request may belong to.
    fn longest_waiting(&self) -> Option<u64> {
        let waiting = self.open.iter().filter_map(|(key, entry)| {
            let (phase, waited) = entry.clock.waiting()?;
            (waited >= WAITED && entry.admission == Admission::Full).then_some((
                phase == Phase::Idle,
                waited,
                Reverse(*key),
            ))
        });
        waiting.max().map(|(_, _, Reverse(key))| key)
    }

    fn leave(&mut self, admission: Admission) {
        self.full -= usize::from(admission == Admission::Full);
    }
}

impl Slot {
    /// What the connection may ask for now: one beyond the limit takes a place that was left meanwhile.
    pub(super) fn admission(&self) -> Admission {
        let mut table = self.slots.table();
        let has_room = table.full < self.slots.limit;
        match table.open.get_mut(&self.key) {
            Some(entry) if entry.admission == Admission::HealthOnly && has_room => {
                entry.admission = Admission::Full;
                table.full += 1;
                Admission::Full
            }
            Some(entry) => entry.admission,
            // It was just told to close, but its request came first.
            None => Admission::Full,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.slots.table();
        if let Some(entry) = table.open.remove(&self.key) {
            table.leave(entry.admission);
        }
        drop(table);
        self.slots.freed.notify_waiters();
    }
}
