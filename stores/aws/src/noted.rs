//! Which streams a host has noted already.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// What stands in place of an event id. No event has it.
pub(crate) const PARTITION: &str = "STREAMS";

/// Between source and type. It is forbidden in both, and before every character that is not.
pub(crate) const SEPARATOR: char = '\u{1}';

/// How many are remembered. Clients choose them, so there is a limit.
const MOST: usize = 8_192;

/// The streams that this host has noted.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashSet<String>>);

// Every change is one call, so a panic elsewhere leaves nothing half-done behind the lock.
impl Noted {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    pub(crate) fn add(&self, name: String) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(name);
    }
}

/// The sort key of a stream's item.
pub(crate) fn name(source: &str, event_type: &str) -> String {
    format!("{source}{SEPARATOR}{event_type}")
}
