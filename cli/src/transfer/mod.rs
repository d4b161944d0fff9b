//! Raw objects on their way from one place to another, each checked against its id.

#[cfg(feature = "aws")]
mod bucket;
mod copy;
mod folder;
mod host;
mod journal;
mod lines;
#[cfg(feature = "aws")]
mod listing;
mod plan;
mod progress;
#[cfg(feature = "aws")]
mod queue;
mod sink;
mod store;
mod target;
mod walk;

#[cfg(feature = "aws")]
pub(crate) use bucket::Bucket;
pub(crate) use copy::copy;
pub(crate) use folder::Folder;
pub(crate) use host::Host;
pub(crate) use journal::{Journal, Replay};
pub(crate) use lines::Lines;
#[cfg(feature = "aws")]
pub(crate) use listing::Listing;
pub(crate) use plan::Plan;
pub(crate) use progress::{Counts, Progress};
#[cfg(feature = "aws")]
pub(crate) use queue::Queue;
pub(crate) use sink::{Fate, Object, Sink};
pub(crate) use store::StoreSink;
pub(crate) use target::Target;
pub(crate) use walk::{Met, Walk};
