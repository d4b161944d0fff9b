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
mod settle;
mod timer;
mod verdict;

pub use backoff::Backoff;
pub use client::{Builder, Client};
pub use envelope::Envelope;
pub use error::{Error, IngestError};
pub use lookup::Found;
pub use pik_core;
pub use problem::Problem;
pub use settle::Settlement;
pub use timer::{SystemTimer, Timer};
pub use verdict::{Stored, Verdict};
