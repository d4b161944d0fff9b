//! What the process tells: log lines and metrics.

mod host;
mod log;
mod metrics;

pub use host::ServerHost;
pub use log::{Level, Log};
pub use metrics::Metrics;
