//! What the process tells: log lines and metrics.

mod host;
mod log;
mod metrics;
mod token_events;

pub use host::ServerHost;
pub use log::{Level, Log};
pub use metrics::Metrics;
