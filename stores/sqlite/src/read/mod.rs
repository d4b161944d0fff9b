//! Answers to questions, on threads and connections beside the writer.

mod found;
mod inventory;
mod investigate;
mod ranges;
pub(crate) mod reader;
mod records;
mod rejections;
mod streams;
mod tallies;
