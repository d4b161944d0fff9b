//! What may go wrong with one call.

/// A fault, at any one call of any request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error, and the call had no effect.
    Failure,
    /// An error, and the call had its effect.
    LostAnswer,
    /// An error, and the call has its effect at any later instant, or never: a time-out.
    TimeOut,
    /// The request is dropped before the call had an effect.
    CrashBefore,
    /// The request is dropped after the call had its effect.
    CrashAfter,
    /// The request is dropped, and the call has its effect at any later instant, or never.
    CrashMeanwhile,
    /// The call had its effect, the answer was lost, and the store's client sends the same call again.
    SentAgain,
    /// The store's client sends the same call again, and the earlier one has its effect at any later instant, or never.
    SentAgainMeanwhile,
}

impl Fault {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Failure,
        Self::LostAnswer,
        Self::TimeOut,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::CrashMeanwhile,
        Self::SentAgain,
        Self::SentAgainMeanwhile,
    ];

    /// Whether it strikes between effect and answer, or before the effect.
    pub(crate) fn strikes_after_effect(self) -> bool {
        match self {
            Self::LostAnswer | Self::CrashAfter | Self::SentAgain => true,
            Self::Failure | Self::TimeOut | Self::CrashBefore | Self::CrashMeanwhile | Self::SentAgainMeanwhile => {
                false
            }
        }
    }

    /// Whether the call stays under way behind the request's back.
    pub(crate) fn leaves_call_under_way(self) -> bool {
        match self {
            Self::TimeOut | Self::CrashMeanwhile | Self::SentAgainMeanwhile => true,
            Self::Failure | Self::LostAnswer | Self::CrashBefore | Self::CrashAfter | Self::SentAgain => false,
        }
    }

    /// What becomes of the request.
    pub(crate) fn aftermath(self) -> Aftermath {
        match self {
            Self::Failure | Self::LostAnswer | Self::TimeOut => Aftermath::Error,
            Self::CrashBefore | Self::CrashAfter | Self::CrashMeanwhile => Aftermath::Gone,
            Self::SentAgain | Self::SentAgainMeanwhile => Aftermath::SameCall,
        }
    }
}

/// What becomes of a request after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// It goes on with an error.
    Error,
    /// It is no more.
    Gone,
    /// It does not notice; its call is sent once more.
    SameCall,
}
