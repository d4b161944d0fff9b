#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod api;
mod body;
mod call;
mod config;
mod cors;
mod cursor;
mod edge;
mod endpoint;
mod host;
mod inflate;
mod intake;
pub mod log_lines;
mod media;
pub mod metric_lines;
mod observation;
mod openapi;
mod parameters;
mod question;
mod refusal;
mod resources;
mod screen;
mod tokens;

pub use api::Api;
pub use call::Call;
pub use config::{Config, ConfigError};
pub use edge::X_PIK_EVENT_ID;
pub use endpoint::Endpoint;
pub use host::Host;
pub use observation::{Exchange, Observation, Subject, Verdict};
pub use refusal::{ErrorCode, HostFault};
pub use screen::{Foretold, Screened};
