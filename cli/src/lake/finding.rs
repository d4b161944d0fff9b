//! What a check of a lake finds.

use std::fmt;

use pik_core::{EventId, IngestTime, RawKey};
use serde::Serialize;

/// Something that is not as the manifests or the store say.
#[derive(Debug, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub(crate) enum Finding {
    /// A file that a manifest lists is not there.
    FileMissing { path: String },
    /// A file is not as it was written.
    FileChanged { path: String, why: String },
    /// Something lies among the files that no manifest lists.
    FileAdded { path: String },
    /// The store has an event that the lake should have.
    EventMissing { event_id: EventId, raw_key: RawKey },
    /// The lake says that an event arrived at another time than the store does.
    EventChanged { event_id: EventId, ingest_time: IngestTime },
    /// The lake has an event that the store has not, or not in this round, or has it twice.
    EventAdded { event_id: EventId, round: u32 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileMissing { path } => write!(f, "missing file {path}"),
            Self::FileChanged { path, why } => write!(f, "changed file {path}: {why}"),
            Self::FileAdded { path } => write!(f, "added file {path}: no manifest lists it"),
            Self::EventMissing { event_id, raw_key } => write!(f, "missing event {event_id}: {raw_key}"),
            Self::EventChanged { event_id, ingest_time } => {
                write!(f, "changed event {event_id}: it arrived at {ingest_time}, and the lake says otherwise")
            }
            Self::EventAdded { event_id, round } => {
                write!(f, "added event {event_id}: round {round} has it, and the store has not, or it is there twice")
            }
        }
    }
}

/// How much was looked at, and found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) files: u64,
    pub(crate) files_in_all: u64,
    /// Events in files that are as they were written.
    pub(crate) events: u64,
    /// Events of the store that are missing.
    pub(crate) missing: u64,
    pub(crate) findings: u64,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, files_in_all: _, events, missing, findings } = self;
        write!(f, "{files} files, {events} events, {missing} events missing, {findings} findings")
    }
}
