//! Events of files on their way to a host.

mod batch;
mod delivery;
mod refused;
mod report;

pub(crate) use batch::{Batch, Batcher};
pub(crate) use delivery::{Delivery, Patience};
pub(crate) use refused::{Refusal, RefusedFile};
pub(crate) use report::{Counts, Report};
