#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod api;
mod body;
mod call;
mod config;
mod cors;
mod cursor;
mod endpoint;
mod host;
mod inflate;
mod intake;
mod media;
mod observation;
mod openapi;
mod parameters;
mod question;
mod refusal;
mod resources;
mod tokens;

pub use api::Api;
pub use call::Call;
pub use config::{Config, ConfigError};
pub use endpoint::Endpoint;
pub use host::Host;
pub use observation::{Exchange, Observation, Subject, Verdict};
pub use refusal::{ErrorCode, HostFault};
