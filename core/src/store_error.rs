//! How a store fails.

use core::fmt;

/// A store that could not do what it was asked. Never the event's fault, and always worth a retry of the whole
/// ingest: no attempt leaves anything that the next does not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The host's own queue to the store is full; try again after a pause.
    Overloaded(String),
    /// The service behind the store takes fewer calls than it gets; try again after a pause.
    Throttled(String),
    /// The store cannot be reached, timed out or failed for a reason that may pass.
    Unavailable(String),
    /// The store writes nothing until its operator has removed an obstacle. The reason may name files and accounts.
    Blocked(Obstacle, String),
    /// The store answered what it never should, such as corrupt data.
    Internal(String),
}

impl StoreError {
    /// The code as it stands in answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overloaded(_) | Self::Throttled(_) => "overloaded",
            Self::Unavailable(_) | Self::Blocked(..) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What happened, for the logs.
    pub fn reason(&self) -> &str {
        match self {
            Self::Overloaded(reason)
            | Self::Throttled(reason)
            | Self::Unavailable(reason)
            | Self::Blocked(_, reason)
            | Self::Internal(reason) => reason,
        }
    }
}

/// What keeps a store from writing, and a client may know: it names nothing of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no space left.
    DiskFull,
    /// The file or its file system takes no writes.
    ReadOnly,
    /// A file was moved, deleted or replaced while it was open.
    FileMoved,
    /// The service behind the store knows these credentials not, or no longer, or permits them too little.
    Denied,
    /// A bucket, a table or a column does not exist.
    Missing,
    /// The bucket is in another region than the one that is asked.
    OtherRegion,
    /// The host's clock is off by minutes, so that its signatures do not hold.
    WrongClock,
    /// The key that encrypts what is stored cannot be used.
    UnusableKey,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.reason())
    }
}

impl core::error::Error for StoreError {}
