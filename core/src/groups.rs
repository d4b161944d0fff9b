//! A batch in groups, for stores that ingest several events side by side.

use alloc::collections::BTreeMap;

use crate::{EventId, Submission};

/// A batch's submissions in groups, each with its place in the batch, for [`in_order`] afterwards.
///
/// Groups may be ingested in any order and side by side; within one, all are the same event, and the earlier one has to
/// be ingested first.
pub fn groups(batch: Vec<Submission>) -> impl Iterator<Item = Vec<(usize, Submission)>> {
    let mut groups: BTreeMap<EventId, Vec<(usize, Submission)>> = BTreeMap::new();
    for (place, submission) in batch.into_iter().enumerate() {
        groups.entry(submission.record.event_id).or_default().push((place, submission));
    }
    groups.into_values()
}

/// Results in the order of their places in the batch.
pub fn in_order<T>(mut results: Vec<(usize, T)>) -> Vec<T> {
    results.sort_unstable_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
