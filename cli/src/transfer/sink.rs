//! Where raw objects go.

use anyhow::Result;
use pik_client::Envelope;
use pik_core::RawKey;

/// A raw object that was found to be the event its key names.
pub(crate) struct Object {
    pub(crate) key: RawKey,
    pub(crate) event: Envelope,
}

impl Object {
    pub(crate) fn raw(&self) -> &[u8] {
        self.event.raw()
    }
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
    /// Delivers some objects, in order, and notes the fate of each by its place. What is noted is durable, unless it is
    /// refused. An error means that it makes no sense to go on, and that nothing is known of objects without a fate; to
    /// deliver them again is harmless.
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()>;
}
