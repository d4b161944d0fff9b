//! What an answer leaves out, because arrivals are not settled yet.

use std::fmt;

use pik_core::IngestTime;
use serde::{Deserialize, Serialize};

/// The arrivals from this time on. A later answer about them could have more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct LeftOut(pub(super) IngestTime);

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arrivals from {} on are not settled yet; ask again from there", self.0)
    }
}
