//! Answers of a store that was opened here.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use pik_core::{
    Bucket, EventId, IngestTime, Inventory, Investigate, Page, Position, Query, RawKey, Record, RejectedHour,
    RejectedHours, RejectionPlace, RejectionQuery, RejectionRecord, StatsQuery, Status, Store, Stream, count_stream,
    list_streams,
};
use tokio::runtime::Runtime;

use super::left_out::LeftOut;
use super::source::{Source, each_page};
use crate::runtime::runtime;

/// Between two looks for arrivals. Other processes write to the services of a store.
const PAUSE: Duration = Duration::from_secs(1);

/// A store, and what runs its futures.
pub(crate) struct StoreSource<S> {
    store: S,
    runtime: Runtime,
}

impl<S: Store + Investigate + Inventory> StoreSource<S> {
    pub(crate) fn new(store: S) -> Result<Self> {
        Ok(Self { store, runtime: runtime()? })
    }
}

impl<S: Store + Investigate + Inventory> Source for StoreSource<S> {
    fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>> {
        Ok(self.runtime.block_on(Investigate::records(&self.store, query, after, limit))?)
    }

    fn settled_until(&self, _: &Query) -> Result<IngestTime> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
        let now = i64::try_from(now.as_millis()).ok().and_then(IngestTime::from_unix_ms);
        let now = now.context("the clock stands behind the year 9999")?;
        Ok(self.runtime.block_on(self.store.settled_until(now))?)
    }

    fn await_arrivals(&self, arrivals: &Query, wait: Duration) -> Result<IngestTime> {
        let started = Instant::now();
        loop {
            let until = self.settled_until(arrivals)?;
            let page = self.records(&arrivals.clone().frozen(until), None, 1)?;
            let left = wait.saturating_sub(started.elapsed());
            if !page.items.is_empty() || page.next.is_some() || left.is_zero() {
                return Ok(until);
            }
            thread::sleep(left.min(PAUSE));
        }
    }

    fn find(&self, id: &EventId) -> Result<Option<Record>> {
        let found = self.runtime.block_on(self.store.find(id))?;
        Ok(found.filter(|record| record.status == Status::Accepted))
    }

    fn lookup(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>> {
        let found = self.runtime.block_on(self.store.find_many(ids))?;
        Ok(found.into_iter().map(|record| record.filter(|record| record.status == Status::Accepted)).collect())
    }

    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>> {
        Ok(self.runtime.block_on(count_stream(&self.store, query))?)
    }

    fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>> {
        Ok(self.runtime.block_on(list_streams(&self.store, after, limit))?)
    }

    fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<RejectionRecord>> {
        let after = after.map(|after| RejectionPlace::read(after).context("a place that is none")).transpose()?;
        let page = self.runtime.block_on(self.store.rejections(query, after, limit))?;
        Ok(Page { items: page.records, next: page.next.map(|place| place.position()) })
    }

    fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>> {
        Ok(self.runtime.block_on(self.store.rejected_hours(query))?)
    }

    fn each_key(&self, take: &mut dyn FnMut(Vec<RawKey>) -> Result<()>) -> Result<Option<LeftOut>> {
        each_page(
            |after| Ok(self.runtime.block_on(self.store.objects(after))?),
            // What else lies in the bucket is `pik verify`'s to tell.
            |names| take(names.iter().filter_map(|key| key.parse().ok()).collect()),
        )?;
        // A bucket lists what was put before it was asked.
        Ok(None)
    }

    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let contents = self.runtime.block_on(self.store.contents(keys))?;
        Ok(contents.into_iter().map(|raw| raw.map(Vec::from)).collect())
    }
}
