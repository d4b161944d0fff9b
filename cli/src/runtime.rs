//! What runs a store's futures on this thread.

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

/// Runs what is asked of a store once.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    Ok(runtime()?.block_on(work))
}

/// A runtime on this thread.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
