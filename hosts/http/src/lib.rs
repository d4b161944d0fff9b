#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod allowance;
mod api;
mod call;
mod config;
mod endpoint;
mod error_code;
mod evidence;
mod host;
mod limits;
mod meter;
mod nearest;
mod observe;
mod openapi;
mod request;
mod resources;
mod response;
mod screen;
mod service;
pub mod settings;
mod token_list;

pub use allowance::Allowance;
pub use api::Api;
pub use call::{Call, Surface};
pub use config::{Config, ConfigError};
pub use endpoint::Endpoint;
pub use error_code::ErrorCode;
pub use evidence::Written;
pub use host::{Host, Load};
pub use meter::{Meter, Rate};
pub use nearest::Nearest;
pub use observe::{Exchange, Observation, Subject, Verdict, log_lines, metric_lines};
pub use request::X_PIK_EVENT_ID;
pub use request::origin::Client;
pub use request::traceparent::Traceparent;
pub use response::HostFault;
pub use screen::Screened;
pub use token_list::{Scope, TokenFault, TokenList, TokenListError, TokenName, TokenNameError, UnknownScope};
