//! Checksums of the rows that carry a record. The raw bytes are not in them: they hash to the event_id, which is.

use pik_core::{CONTRACT, EventTime, IngestTime, Submission};
use xxhash_rust::xxh3::Xxh3;

/// What the checksum of a first occurrence covers.
pub(crate) struct EventRow<'r> {
    pub(crate) seq: i64,
    pub(crate) stream: i64,
    pub(crate) event_time: EventTime,
    pub(crate) ingest_time: IngestTime,
    pub(crate) event_id: &'r [u8; 32],
    pub(crate) payload_hash: &'r [u8; 32],
    pub(crate) entity_id: &'r str,
    pub(crate) receipt: &'r str,
    pub(crate) contract: u8,
}

impl<'r> EventRow<'r> {
    /// The row of a submission.
    pub(crate) fn of(seq: i64, stream: i64, submission: &'r Submission) -> Self {
        Self {
            seq,
            stream,
            event_time: submission.event_time,
            ingest_time: submission.ingest_time,
            event_id: submission.event_id.as_bytes(),
            payload_hash: submission.payload_hash.as_bytes(),
            entity_id: &submission.entity_id,
            receipt: submission.receipt.as_str(),
            contract: CONTRACT,
        }
    }

    pub(crate) fn checksum(&self) -> i64 {
        let mut hash = Xxh3::new();
        for number in [
            self.seq,
            self.stream,
            self.event_time.unix_seconds(),
            i64::from(self.event_time.subsecond_nanoseconds()),
            self.ingest_time.unix_ms(),
            i64::from(self.contract),
        ] {
            hash.update(&number.to_le_bytes());
        }
        hash.update(self.event_id);
        hash.update(self.payload_hash);
        hash.update(self.entity_id.as_bytes());
        // Neither text has a byte of zeros, so it keeps them apart.
        hash.update(&[0]);
        hash.update(self.receipt.as_bytes());
        stored(hash.digest())
    }
}

/// The checksum of a later occurrence.
pub(crate) fn of_duplicate(seq: i64, first: i64, ingest_time: IngestTime, receipt: &str) -> i64 {
    let mut hash = Xxh3::new();
    for number in [seq, first, ingest_time.unix_ms()] {
        hash.update(&number.to_le_bytes());
    }
    hash.update(receipt.as_bytes());
    stored(hash.digest())
}

/// Rows of older versions have this instead of a checksum.
pub(crate) const NONE: i64 = 0;

fn stored(hash: u64) -> i64 {
    if hash == 0 { 1 } else { hash.cast_signed() }
}
