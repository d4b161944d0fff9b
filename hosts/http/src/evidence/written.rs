//! What hosts are told of evidence that was written.

use pik_core::StoreError;

/// What came of writing evidence; for logs and metrics.
#[derive(Debug)]
pub struct Written<'a> {
    /// How many records there were to write.
    pub records: usize,
    /// How many refused events left no record, but a count.
    pub unrecorded: u64,
    /// Why nothing more was written. What is left is tried again.
    pub error: Option<&'a StoreError>,
}
