//! The traits a host implements.
//!
//! A host brings either a [`Store`] of its own, where one transaction holds raw object and record, or the two halves
//! [`Ledger`] and [`RawStore`], which [`SplitStore`](crate::SplitStore) makes a store of.
//!
//! Error semantics: an error means that the effect may or may not have happened. "Already there" is an outcome, never
//! an error. Whatever succeeded is durable when the call returns.

use alloc::vec::Vec;
use core::future::Future;

use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, TryStreamExt};

use crate::{Answer, EventId, IngestTime, RawObject, Receipt, Record, StoreError, Submission};

/// What the Router needs of a store.
pub trait Store: Send + Sync + 'static {
    /// Ingests one occurrence. When this returns `Ok`, the raw object and the record of this occurrence are durable.
    /// Safe to repeat with a new receipt after any error.
    fn ingest(&self, submission: Submission) -> impl Future<Output = Result<Answer, StoreError>> + Send;

    /// Ingests several occurrences, each on its own; one result for each, in order. Of equal events in one batch the
    /// earlier one is ingested first.
    fn ingest_batch(
        &self,
        submissions: Vec<Submission>,
    ) -> impl Future<Output = Vec<Result<Answer, StoreError>>> + Send;

    /// The record of the first occurrence, PENDING ones included. Reads what was written before the call.
    fn find(&self, id: &EventId) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// The records of several first occurrences, one for each id, in order; each as [`find`](Self::find) reads it.
    fn find_many(&self, ids: &[EventId]) -> impl Future<Output = Result<Vec<Option<Record>>, StoreError>> + Send {
        async move {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.push(self.find(id).await?);
            }
            Ok(found)
        }
    }

    /// The raw object of an event whose record is ACCEPTED; `None` when there is no such event or it is PENDING still.
    fn raw(&self, id: &EventId) -> impl Future<Output = Result<Option<RawObject>, StoreError>> + Send;

    /// The raw objects of several events, one for each id, in order; each as [`raw`](Self::raw) reads it, and all of them at
    /// once: their bytes are in memory together.
    fn raw_many(&self, ids: &[EventId]) -> impl Future<Output = Result<Vec<Option<RawObject>>, StoreError>> + Send {
        async move {
            let mut asked = FuturesOrdered::new();
            for id in ids {
                asked.push_back(self.raw(id));
            }
            asked.try_collect().await
        }
    }

    /// Until when arrivals are settled, for a host whose clock shows `now`: no window of arrivals that ends at or before the
    /// time returned here ever gains a record. It holds through crashes, through clocks that step back, and for every
    /// ingest that is under way. All that such a window will ever hold can be read as soon as this returns.
    ///
    /// A store may keep the promise up to a stated bound on clocks and calls. See [`SETTLING_MS`](crate::SETTLING_MS).
    fn settled_until(&self, now: IngestTime) -> impl Future<Output = Result<IngestTime, StoreError>> + Send;

    /// Whether an ingest that came now would be stored, as far as the store knows. A store that cannot try this without
    /// writing remembers a failed commit until one succeeds, and sees to it that one is tried: no client sends events to a
    /// host that is not ready.
    fn ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and the large variant is the common answer to a replay")]
pub enum Claim {
    /// There was no record; the one given is stored now.
    New,
    /// This record was there and is unchanged.
    Found(Record),
}

/// What a commit found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Commit {
    /// The claim was PENDING and is ACCEPTED now.
    Done,
    /// Another attempt had committed it before; this is its receipt.
    Already(Receipt),
}

/// Records, by conditional writes. The first occurrence's record lives under its event id alone.
pub trait Ledger: Send + Sync {
    /// The bucket that records name.
    fn raw_bucket(&self) -> &str;

    /// Atomically stores `record` as PENDING if the event has none, else returns the one there, strongly consistent.
    fn claim(&self, record: &Record) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Atomically turns the event's PENDING record into `record` (ACCEPTED, with this attempt's receipt), if it is
    /// PENDING still, and lists it among arrivals under its `listed_time`. A commit without a claim is an error and stores
    /// nothing. Everything but `status`, `receipt`, `raw_size` and `finished_time` equals the claim.
    fn commit(&self, record: &Record) -> impl Future<Output = Result<Commit, StoreError>> + Send;

    /// Stores the record of a later occurrence under event id, ingest time and receipt, and lists it among arrivals under
    /// its `listed_time`. A repeat changes nothing.
    fn record_duplicate(&self, record: &Record) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The record of the first occurrence, strongly consistent.
    fn find(&self, id: &EventId) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// The records of several first occurrences, one for each id, in order; each as [`find`](Self::find) reads it.
    fn find_many(&self, ids: &[EventId]) -> impl Future<Output = Result<Vec<Option<Record>>, StoreError>> + Send {
        async move {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.push(self.find(id).await?);
            }
            Ok(found)
        }
    }

    /// Whether the ledger answers.
    fn ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a create-only put found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Put {
    /// The object was not there and is now.
    Created,
    /// An object was there and is unchanged.
    Exists,
}

/// Raw objects, created once and never overwritten or deleted.
pub trait RawStore: Send + Sync {
    /// Atomically creates the object at `record.raw_key` if there is none.
    fn create(&self, record: &Record, raw: Bytes) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// The size of the object at `record.raw_key`, strongly consistent; `None` when there is none.
    fn size(&self, record: &Record) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// The bytes of the object at `record.raw_key`; `None` when there is none.
    /// They are not checked here: [`read_raw`](crate::read_raw) does that.
    fn read(&self, record: &Record) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;

    /// Whether the raw store answers.
    fn ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
