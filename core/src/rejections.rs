//! Evidence of what was refused: how it gets into a store, and what may be asked about it.

use alloc::collections::BTreeMap;
use core::future::Future;

use crate::{
    CountedUnder, IngestTime, Refusals, RejectedHour, RejectedHours, RejectedStream, RejectionPlace, RejectionQuery,
    RejectionRecord, StoreError,
};

/// The most sources and types that one hour tells apart; what is refused beyond them is counted without.
pub const MAX_REJECTED_STREAMS: usize = 1_000;

/// The most sources and types of which all refusals are added up.
pub const MAX_LISTED_REJECTED_STREAMS: usize = 10_000;

/// How much evidence is kept. Whatever is beyond goes, the longest unseen first; counts stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectionBounds {
    /// The most records.
    pub records: usize,
    /// The most bytes of them, by [`RejectionRecord::size`].
    pub bytes: usize,
    /// How long a record is kept after it was last seen, in milliseconds.
    pub age_ms: i64,
}

impl Default for RejectionBounds {
    fn default() -> Self {
        Self { records: 10_000, bytes: 64 * 1024 * 1024, age_ms: 30 * 86_400_000 }
    }
}

impl RejectionBounds {
    /// Records that were last seen before this time are too old; `None` when none is.
    pub fn oldest(&self, now: IngestTime) -> Option<IngestTime> {
        IngestTime::from_unix_ms(now.unix_ms().saturating_sub(self.age_ms))
    }
}

/// Evidence on its way into a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// At most one for each key.
    pub records: Vec<RejectionRecord>,
    /// What there is to add to each count.
    pub counts: BTreeMap<CountedUnder, Refusals>,
    /// How much is kept.
    pub bounds: RejectionBounds,
    /// What the host's clock shows.
    pub now: IngestTime,
}

/// Evidence that was not kept, and why. What is not in here is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKept {
    /// Why.
    pub error: StoreError,
    /// What is left to write.
    pub rest: Evidence,
}

/// Some of the records that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionPage {
    /// At most as many as were asked for.
    pub records: Vec<RejectionRecord>,
    /// The place behind which the next page begins; `None` on the last page.
    pub next: Option<RejectionPlace>,
}

/// What a store does with evidence of refused events. None of it is an event: no rule about events depends on it.
pub trait Rejections: Send + Sync + 'static {
    /// Adds evidence, and removes what is beyond the bounds. A record whose key is there is merged into that one. Durable
    /// when it returns. Ingests that are under way do not wait for it.
    ///
    /// A store whose calls can lose their answers may count twice what such a call did.
    fn keep(&self, evidence: Evidence) -> impl Future<Output = Result<(), NotKept>> + Send;

    /// Records, the newest first by their first time, behind a place. A store may stop early, so that one page costs a
    /// bounded amount.
    fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> impl Future<Output = Result<RejectionPage, StoreError>> + Send;

    /// Counts by hour and code, in this order; only those in which something was refused.
    fn rejected_hours(
        &self,
        query: &RejectedHours,
    ) -> impl Future<Output = Result<Vec<RejectedHour>, StoreError>> + Send;

    /// How many events of each source and type were refused, those with both alone, by source and then type; at most
    /// `limit` behind `after`.
    fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RejectedStream>, StoreError>> + Send;
}
