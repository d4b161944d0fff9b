//! What logs and metrics may know of a request, and how hosts without a collector of their own write it down.

pub mod log_lines;
pub mod metric_lines;
mod observation;

pub use observation::{Exchange, Observation, Subject, Verdict};
