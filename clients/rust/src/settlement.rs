//! What became of some events.

use crate::{Error, Verdict};

/// What became of some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// One for each event, in order.
    pub verdicts: Vec<Verdict>,
    /// Why the rest was not sent, when the host is away or refuses everything. Then some verdicts are
    /// [`Verdict::Open`].
    pub stopped: Option<Error>,
}

impl Settlement {
    /// Whether each event is stored.
    pub fn all_stored(&self) -> bool {
        self.verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stored(_)))
    }
}
