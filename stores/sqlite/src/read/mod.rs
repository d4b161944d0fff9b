//! Answers to questions, on threads and connections beside the writer.

mod inventory;
mod investigate;
pub(crate) mod reader;
mod records;
mod rejections;
mod streams;
mod tallies;
