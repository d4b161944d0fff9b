//! A store on the test bench.

use anyhow::Result;
use bytes::Bytes;
use pik_core::{EventId, Investigate, Ledger, RawKey, RawStore, Record, Store};

use crate::BenchClock;

/// A store, and what must be seen of it from outside.
pub trait Bench {
    /// The store under test.
    type Store: Store;

    /// The store under test.
    fn store(&self) -> &Self::Store;

    /// Every raw object whose key names the event, whatever the records say: its key and its bytes.
    fn objects(&self, id: &EventId) -> impl Future<Output = Result<Vec<(RawKey, Bytes)>>>;

    /// Every record of the event in any order: the first occurrence's, PENDING or ACCEPTED, and each duplicate's.
    fn records(&self, id: &EventId) -> impl Future<Output = Result<Vec<Record>>>;

    /// Closes the store and opens it again on what it kept.
    fn reopen(&mut self) -> impl Future<Output = Result<()>>;
}

/// A store of two halves that [`pik_core::ingest`] puts in order.
pub trait SplitBench: Bench {
    /// The half that keeps records.
    fn ledger(&self) -> &impl Ledger;

    /// The half that keeps raw objects.
    fn raw_store(&self) -> &impl RawStore;

    /// The clock that the store reads.
    fn clock(&self) -> &BenchClock;
}

/// A store that answers investigators.
pub trait QueryBench: Bench<Store: Investigate> {}

impl<B: Bench<Store: Investigate>> QueryBench for B {}
