//! The axum Router that every host serves: server, Lambda and Worker.
//!
//! There is no runtime, clock or randomness in here and nothing that differs by target. A host brings a
//! [`Store`](pik_core::Store) and a [`Host`], makes an [`Api`] of them once and serves [`Api::router`].
//!
//! Time-outs and a limit on concurrent requests need a runtime and are the host's. What it answers then comes from
//! [`Api::begin`] and [`Api::refuse`], so that it has the shape, the headers and the observation of every other answer.
#![deny(missing_docs)]

mod answer;
mod api;
mod body;
mod call;
mod config;
mod cors;
mod endpoint;
mod host;
mod inflate;
mod intake;
mod media;
mod observation;
mod openapi;
mod parameters;
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
