#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod clock;
mod course;
mod gate;
mod limits;
mod meters;
mod network;
mod observe;
pub mod pages;
mod run;
pub mod signals;
mod sockets;
mod tokens_file;
mod traces;
mod watched;

pub use course::Course;
pub use ipnet::IpNet;
pub use limits::Limits;
pub use network::Tls;
pub use observe::{Level, Log, Metrics, ServerHost};
pub use run::{End, Front, Server, run};
pub use sockets::Sockets;
pub use tokens_file::TokensFile;
pub use traces::Traces;
pub use watched::Watched;
