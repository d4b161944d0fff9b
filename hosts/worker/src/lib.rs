#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod analytics;
mod environment;
mod gate;
mod host;
mod nowhere;
mod serve;

pub use host::WorkerHost;
pub use serve::serve;
