//! The two halves behind the core's write protocol.

use std::num::NonZeroUsize;

use pik_core::SplitStore;

use crate::{D1Ledger, R2RawStore};

/// How many events of one batch are ingested side by side: a Worker has six connections.
const SIDE_BY_SIDE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(5);

/// A store on R2 and D1.
pub type CloudflareStore = SplitStore<D1Ledger, R2RawStore>;

/// A store of these halves.
pub const fn cloudflare_store(ledger: D1Ledger, raw_store: R2RawStore) -> CloudflareStore {
    SplitStore::new(ledger, raw_store, SIDE_BY_SIDE)
}
