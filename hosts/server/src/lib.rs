//! HTTP around the shared Router: connections, limits, time-outs, observation, an end in good order.
#![deny(missing_docs)]

mod body;
mod clock;
mod connection;
#[cfg(test)]
mod faulty;
mod gate;
mod host;
mod http_socket;
mod limits;
mod listener;
mod log;
mod metrics;
pub mod pages;
mod run;
mod signals;

pub use host::ServerHost;
pub use limits::Limits;
pub use log::{Level, Log};
pub use metrics::Metrics;
pub use run::{Addresses, run};
