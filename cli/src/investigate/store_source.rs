//! Answers of a store that was opened here.

use anyhow::Result;
use pik_core::{Bucket, EventId, Inventory, Investigate, Position, Query, RawKey, Record, StatsQuery, Status, Store};
use tokio::runtime::Runtime;

use super::source::{Found, Source};
use crate::stores::runtime;

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
    fn records(&self, query: &Query, after: Option<&str>, limit: usize) -> Result<Found<Record>> {
        let after = after.map(Position::new);
        let page = self.runtime.block_on(Investigate::records(&self.store, query, after.as_ref(), limit))?;
        Ok(Found { items: page.items, next: page.next.map(|position| position.as_str().to_owned()) })
    }

    fn find(&self, id: &EventId) -> Result<Option<Record>> {
        let found = self.runtime.block_on(self.store.find(id))?;
        Ok(found.filter(|record| record.status == Status::Accepted))
    }

    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>> {
        Ok(self.runtime.block_on(self.store.stats(query))?)
    }

    fn keys(&self, after: Option<&str>) -> Result<Found<RawKey>> {
        let page = self.runtime.block_on(self.store.objects(after.map(Position::new).as_ref()))?;
        // What else lies in the bucket is `pik verify`'s to tell.
        let items = page.items.iter().filter_map(|key| key.parse().ok()).collect();
        Ok(Found { items, next: page.next.map(|position| position.as_str().to_owned()) })
    }

    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let contents = self.runtime.block_on(self.store.contents(keys))?;
        Ok(contents.into_iter().map(|raw| raw.map(Vec::from)).collect())
    }
}
