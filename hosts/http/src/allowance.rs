//! How much the bearer of a token may send in a time.

use core::fmt;
use core::num::NonZeroU32;

/// What a token's line in a list allows each second. Without a number there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Events.
    pub events: Option<NonZeroU32>,
    /// Bytes of bodies, inflated.
    pub bytes: Option<NonZeroU32>,
}

impl Allowance {
    /// The word for events in a list, before `=` and a number.
    pub(crate) const EVENTS: &str = "events_per_second";
    /// The word for bytes.
    pub(crate) const BYTES: &str = "bytes_per_second";

    /// Whether there is no limit at all.
    pub fn is_endless(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, number) in [(Self::EVENTS, self.events), (Self::BYTES, self.bytes)] {
            if let Some(number) = number {
                write!(f, " {word}={number}")?;
            }
        }
        Ok(())
    }
}
