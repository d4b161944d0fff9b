//! HTTP around the shared Router: connections, limits, time-outs, observation, an end in good order.

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
pub(crate) mod pages;
mod run;
mod signals;

pub(crate) use host::ServerHost;
pub(crate) use limits::Limits;
pub(crate) use log::{Level, Log};
pub(crate) use metrics::Metrics;
pub(crate) use run::{Addresses, run};
