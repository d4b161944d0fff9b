//! Whether what is stored stays stored: the last failure, and the files under their names.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pik_core::{Obstacle, StoreError};

use crate::db::files::{Files, Lost};
use crate::db::lock::Lock;
use crate::db::run::Run;
use crate::error::{Fault, store_error};
use crate::room::Room;

/// Shared by the writer, the thread that checkpoints, and whatever asks how the store is.
pub(crate) struct Health {
    files: Files,
    lock: Lock,
    mark: String,
    failures: Mutex<Failures>,
    room: Room,
}

/// Each stays until the same thing succeeds.
#[derive(Debug, Default)]
struct Failures {
    commit: Option<StoreError>,
    checkpoint: Option<StoreError>,
}

impl Health {
    pub(crate) fn new(files: Files, lock: Lock, run: &Run, room: Room) -> Self {
        Self { files, lock, mark: run.mark(), failures: Mutex::default(), room }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Before each commit: whether the disk has room for it. Where it has not, that counts as a commit that failed.
    pub(crate) fn has_room(&self) -> Result<(), StoreError> {
        let room = self.room.check();
        if let Err(error) = &room {
            self.failures().commit = Some(error.clone());
        }
        room
    }

    /// After each commit and before any answer: what to answer. `last_seq` is the last occurrence committed.
    pub(crate) fn judge<T>(&self, committed: rusqlite::Result<T>, last_seq: i64) -> Result<T, StoreError> {
        let judged = committed.map_err(|error| store_error(&error)).and_then(|done| {
            self.files.check().map_err(|lost| StoreError::Blocked(Obstacle::FileMoved, lost.reason().to_owned()))?;
            self.lock.note(&self.mark, last_seq);
            Ok(done)
        });
        self.failures().commit = judged.as_ref().err().cloned();
        judged
    }

    /// After each checkpoint.
    pub(crate) fn checkpointed<T>(&self, moved: &rusqlite::Result<T>) {
        let failed = moved.as_ref().err().filter(|error| Fault::of(error) != Fault::Busy);
        // Another program at work on the log, a backup tool for instance, is no failure.
        self.failures().checkpoint = failed.map(store_error);
    }

    /// Whether the last commit failed, so that a trial commit is worth making.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures().commit.is_some()
    }

    /// Whether an event that came now would be stored.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.files.check().map_err(|lost| StoreError::Blocked(Obstacle::FileMoved, lost.reason().to_owned()))?;
        let Failures { commit, checkpoint } = &*self.failures();
        commit.as_ref().or(checkpoint.as_ref()).map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Whether the database file is where it was opened.
    pub(crate) fn is_in_place(&self) -> bool {
        self.files.check() != Err(Lost::Database)
    }
}
