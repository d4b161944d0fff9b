#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod backoff;
mod client;
mod connection;
mod envelope;
mod error;
mod lookup;
mod problem;
mod refusal;
mod reply;
mod settle;
mod settlement;
mod timer;
mod verdict;

pub use backoff::Backoff;
pub use client::{Builder, Client};
pub use envelope::Envelope;
pub use error::{Error, IngestError};
pub use lookup::Found;
pub use pik_core;
pub use problem::Problem;
pub use settlement::Settlement;
pub use timer::{SystemTimer, Timer};
pub use verdict::{Stored, Verdict};
