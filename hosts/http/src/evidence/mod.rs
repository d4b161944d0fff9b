//! What is told to the store of refused events: gathered beside the answers, written behind them.

mod drain;
mod waiting;
mod witness;
mod written;

pub(crate) use drain::drain;
pub(crate) use waiting::Waiting;
pub(crate) use witness::Witness;
pub use written::Written;
