//! Moves what the write-ahead log has gathered into the database, mostly beside the writer.
//!
//! Only the writer can start the log over, and only when all of it has been moved. A thread of its own could never
//! catch up with a busy writer, and a writer that moved everything would keep its clients waiting. So the thread moves
//! the bulk and the writer the little that came in meanwhile.

use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::health::Health;

/// A checkpoint starts at this size of the WAL, in pages of 4 KiB.
const ROUND: usize = 4096;
const PAGE_BYTES: usize = 4096;
/// So few pages are left to the writer.
const LITTLE: usize = 128;
/// So often the thread goes over what came in while it was at work.
const PASSES: usize = 4;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Resting,
    ThreadsTurn,
    WritersTurn,
    Closed,
}

/// The state of the log, shared by the writer and the thread.
#[derive(Default)]
pub(crate) struct Log {
    pages: AtomicUsize,
    /// How many of them a checkpoint has moved.
    moved: AtomicUsize,
    phase: Mutex<Phase>,
    changed: Condvar,
}

impl Log {
    /// Notes how many pages the log has after each commit of the writer. This takes the place of SQLite's automatic
    /// checkpoints.
    pub(crate) fn watch(log: &Arc<Self>, writer: &mut Connection) -> rusqlite::Result<()> {
        let log = Arc::clone(log);
        writer.wal_hook(Some(move |_: &mut Wal, pages: c_int| {
            let pages = usize::try_from(pages).unwrap_or(0);
            if log.pages.swap(pages, Ordering::Relaxed) > pages {
                // It was started over.
                log.moved.store(0, Ordering::Relaxed);
            }
            Ok(())
        }))
    }

    /// The bytes that are in the log alone.
    pub(crate) fn lag_bytes(&self) -> usize {
        self.pages.load(Ordering::Relaxed).saturating_sub(self.moved.load(Ordering::Relaxed)) * PAGE_BYTES
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        *self.phase() = Phase::Closed;
        self.changed.notify_all();
    }

    fn wait(&self) -> Phase {
        let phase = self
            .changed
            .wait_while(self.phase(), |phase| matches!(phase, Phase::Resting | Phase::WritersTurn))
            .unwrap_or_else(PoisonError::into_inner);
        *phase
    }

    fn pass_on(&self, from: Phase, to: Phase) {
        let mut phase = self.phase();
        if *phase == from {
            *phase = to;
            self.changed.notify_all();
        }
    }
}

/// The thread.
pub(crate) fn run(connection: &Connection, log: &Log, health: &Health) {
    while log.wait() == Phase::ThreadsTurn {
        for _ in 0..PASSES {
            // One that fails is tried again in the next round; until then the log only grows.
            let moved = checkpoint(connection, log);
            health.checkpointed(&moved);
            let moved = moved.unwrap_or(usize::MAX);
            if log.pages.load(Ordering::Relaxed).saturating_sub(moved) <= LITTLE {
                break;
            }
        }
        log.pass_on(Phase::ThreadsTurn, Phase::WritersTurn);
    }
}

/// The writer's part.
pub(crate) struct Turn<'a> {
    log: &'a Log,
    health: &'a Health,
    last: usize,
    next: usize,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(log: &'a Log, health: &'a Health) -> Self {
        Self { log, health, last: 0, next: ROUND }
    }

    /// After each commit: asks the thread, or finishes what it has done.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        let pages = self.log.pages.load(Ordering::Relaxed);
        if pages < self.last {
            self.next = ROUND;
        }
        self.last = pages;
        let phase = *self.log.phase();
        match phase {
            Phase::Resting if pages >= self.next => self.log.pass_on(Phase::Resting, Phase::ThreadsTurn),
            Phase::WritersTurn => {
                self.health.checkpointed(&checkpoint(connection, self.log));
                // While a reader holds an old snapshot the WAL cannot be reset: do not try at every commit.
                self.next = pages + ROUND / 4;
                self.log.pass_on(Phase::WritersTurn, Phase::Resting);
            }
            Phase::Resting | Phase::ThreadsTurn | Phase::Closed => {}
        }
    }
}

/// A passive checkpoint, which waits for no reader; returns the number of WAL pages moved by now.
fn checkpoint(connection: &Connection, log: &Log) -> rusqlite::Result<usize> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2))?;
    // -1 when there is no log.
    let moved = usize::try_from(moved).unwrap_or(0);
    log.moved.store(moved, Ordering::Relaxed);
    Ok(moved)
}

/// Moves all of the log, waiting as long as the connection waits for others; false when these go on holding an old state.
pub(crate) fn all(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok(row.get::<_, i64>(0)? == 0))
}
