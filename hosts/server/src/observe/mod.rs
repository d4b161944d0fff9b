//! What the process tells: log lines and metrics.

mod host;
mod lines;
mod log;
mod metrics;
#[cfg(target_os = "linux")]
mod process;
mod token_events;

pub use host::ServerHost;
pub use log::{Level, Log};
pub use metrics::Metrics;
