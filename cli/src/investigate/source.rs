//! What answers questions about events.

use std::time::Duration;

use anyhow::Result;
use pik_core::{
    Bucket, EventId, IngestTime, Page, Position, Query, RawKey, Record, RejectedHour, RejectedHours, RejectionQuery,
    RejectionRecord, StatsQuery, Stream,
};

use super::left_out::LeftOut;

/// A host or a store that answers.
pub(crate) trait Source {
    /// At most `limit` records, in the order of the query, behind `after`.
    fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>>;

    /// Until when arrivals are settled, which `arrivals` asks about.
    fn settled_until(&self, arrivals: &Query) -> Result<IngestTime>;

    /// [`Source::settled_until`], once there is one of these arrivals that is settled, or `wait` is over.
    fn await_arrivals(&self, arrivals: &Query, wait: Duration) -> Result<IngestTime>;

    /// The first occurrence's record, once it is ACCEPTED.
    fn find(&self, id: &EventId) -> Result<Option<Record>>;

    /// [`Source::find`] of several, one for each id, in order.
    fn lookup(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>>;

    /// Every bucket of the query.
    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>>;

    /// At most `limit` sources and types, in order, behind `after`.
    fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>>;

    /// At most `limit` records of refused events, newest first, behind `after`.
    fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<RejectionRecord>>;

    /// How many events were refused, by hour and code.
    fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>>;

    /// Gives `take` the keys of all raw objects, some at a time, and says what it leaves out. Those that arrive meanwhile
    /// may be among them.
    fn each_key(&self, take: &mut dyn FnMut(Vec<RawKey>) -> Result<()>) -> Result<Option<LeftOut>>;

    /// The bytes of raw objects, one for each key, in order; `None` where there is none.
    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>>;

    /// How many raw objects are best asked for at once: a store finds many together in the time of a few.
    fn best_together(&self) -> usize {
        50_000
    }
}

/// A whole answer, page after page. The question must be the same for each page.
pub(crate) fn each_page<T>(
    mut page: impl FnMut(Option<&Position>) -> Result<Page<T>>,
    mut take: impl FnMut(Vec<T>) -> Result<()>,
) -> Result<()> {
    let mut after: Option<Position> = None;
    loop {
        let found = page(after.as_ref())?;
        take(found.items)?;
        after = found.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
