//! Raw objects on their way from one place to another, each checked against its id.

mod copy;
mod folder;
mod host;
mod journal;
mod lines;
mod plan;
mod progress;
mod sink;
mod store;
mod walk;

pub(crate) use copy::copy;
pub(crate) use folder::Folder;
pub(crate) use host::Host;
pub(crate) use journal::{Journal, Replay};
pub(crate) use lines::Lines;
pub(crate) use plan::Plan;
pub(crate) use progress::{Counts, Progress};
pub(crate) use sink::{Fate, Object, Sink};
pub(crate) use store::StoreSink;
pub(crate) use walk::{Met, Walk};
