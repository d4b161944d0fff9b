//! A log-structured merge tree: a sorted set of short byte strings, in tables of the file that the rows are in.
//!
//! New keys wait in a memtable. A full one is flushed into a run: a sequence of sorted blocks, each a row of a table. As
//! soon as a level has enough runs, they are merged into one run of the next level. Both happen a slice at a time, within the
//! transactions of the writer, so no transaction does more than a bounded amount of work for the keys that it adds.
//!
//! The tree knows nothing of what its keys mean. It is a set without removal, and that is what makes it simple: a key that
//! is in two runs is the same key, so each slice of a merge is complete in itself, and whatever a crash leaves behind is valid.

mod backwards;
mod block;
mod check;
mod filter;
mod filters;
mod job;
mod key;
mod memtable;
mod merge;
#[cfg(test)]
mod model;
mod run;
mod shape;
mod snapshot;
pub(crate) mod tables;
#[expect(clippy::module_inception, reason = "the noun that the folder is about")]
mod tree;

pub(crate) use check::{each_key, structure};
pub(crate) use job::complete_to;
pub(crate) use key::Key;
pub(crate) use memtable::Memory;
#[cfg(test)]
use memtable::View;
pub(crate) use shape::{Filtered, Shape};
pub(crate) use snapshot::Snapshot;
pub(crate) use tree::Tree;
