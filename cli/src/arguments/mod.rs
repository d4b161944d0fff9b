//! Blocks of options that several commands share.

mod endpoint;
mod event;
mod host;
mod selection;
mod size;
mod store;

pub(crate) use endpoint::{Endpoint, EndpointArgs, existing};
pub(crate) use event::EventArgs;
pub(crate) use host::{HostArgs, builder};
pub(crate) use selection::{End, SelectionArgs, event_time, ever, ingest_time};
pub(crate) use size::size;
#[cfg(not(feature = "aws"))]
pub(crate) use store::WITHOUT_AWS;
pub(crate) use store::{DATABASE, Opened, StoreArgs, indexing};
