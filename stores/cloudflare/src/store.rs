//! The two halves behind the core's write protocol.

use std::num::NonZeroUsize;

use pik_core::{Clock, SplitStore};

use crate::{D1Ledger, R2RawStore};

/// How many events of one batch are ingested side by side: a Worker has six connections.
const SIDE_BY_SIDE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(5);

/// A store on R2 and D1.
pub type CloudflareStore = SplitStore<D1Ledger, R2RawStore>;

/// A store of these halves.
pub fn cloudflare_store(ledger: D1Ledger, raw_store: R2RawStore) -> CloudflareStore {
    // `Date` counts whole milliseconds, which a double holds exactly.
    let clock = Clock::new(|| worker::Date::now().as_millis() as i64);
    SplitStore::new(ledger, raw_store, clock, SIDE_BY_SIDE)
}
