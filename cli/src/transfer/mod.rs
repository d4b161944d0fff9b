//! Raw objects on their way from one place to another, each checked against its id.

#[cfg(feature = "aws")]
mod aws;
mod beneath;
mod copy;
mod folder;
mod host;
mod journal;
mod lines;
mod part;
mod plan;
mod report;
mod sink;
mod store;
mod target;
mod walk;

#[cfg(feature = "aws")]
pub(crate) use aws::{Bucket, Copied, Listing, Queue, S3Folder};
pub(crate) use beneath::{NO_LINK, TOGETHER, all_of_disk, make_root, open_beneath, open_beneath_unsynced, sync};
pub(crate) use copy::copy;
pub(crate) use folder::Folder;
pub(crate) use host::HostSink;
pub(crate) use journal::{Begun, Journal, Replay};
pub(crate) use lines::Lines;
pub(crate) use plan::Plan;
pub(crate) use report::{Counts, Report};
pub(crate) use sink::{Fate, Object, Sink};
pub(crate) use store::StoreSink;
pub(crate) use target::Target;
pub(crate) use walk::{Met, Walk};
