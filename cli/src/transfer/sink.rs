//! Where raw objects go.

use anyhow::Result;
use pik_core::RawKey;

/// A raw object that was found to be the event its key names.
pub(crate) struct Object {
    pub(crate) key: RawKey,
    pub(crate) raw: Vec<u8>,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was not there and is now.
    New,
    /// It was there before.
    Known,
    /// It is not wanted there, whatever we do.
    Refused(String),
}

/// Takes raw objects.
pub(crate) trait Sink {
    /// Delivers some objects, in order; one fate for each. What is not refused is durable when this returns. An error
    /// means that nothing is known of any, and that it makes no sense to go on; a repeat is harmless.
    fn deliver(&mut self, objects: &[Object]) -> Result<Vec<Fate>>;
}
