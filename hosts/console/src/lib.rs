#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod file;

pub use answer::answer;
