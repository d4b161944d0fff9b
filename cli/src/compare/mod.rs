//! What one side has and the other lacks: a file and a store, or two stores.

mod difference;
mod keyed;
mod lines;
mod stores;
mod tally;

pub(crate) use keyed::Key;
pub(crate) use lines::compare_lines;
pub(crate) use stores::compare_stores;
