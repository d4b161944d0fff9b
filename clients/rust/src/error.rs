//! Why a request came to nothing.

use pik_core::EventId;

use crate::{Problem, Verdict};

/// Why a request came to nothing.
///
/// Texts within come from the host or from what stands before it. Escape them before they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The base URL or the token cannot be right.
    #[error("{0}")]
    Configuration(String),
    /// There was no answer: no connection, no DNS name, a certificate that is not trusted, or a time-out.
    #[error("{base} does not answer: {reason}")]
    NoAnswer {
        /// The base URL.
        base: String,
        /// What the operating system or TLS says.
        reason: String,
    },
    /// The host, or a proxy before it, cannot answer now. The same request may fare better later.
    #[error("HTTP {status}{}", told(.problem))]
    Unavailable {
        /// The HTTP status: 408, 429 or 5xx.
        status: u16,
        /// What the host says; `None` when the answer is not a host's.
        problem: Option<Problem>,
    },
    /// The host refuses the request as a whole: the token, a parameter, the path.
    #[error("HTTP {status}, {problem}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the host says.
        problem: Problem,
    },
    /// The URL leads elsewhere. Redirects are not followed: they would send events and the token to another address.
    #[error("HTTP {status}: redirected to {location}; nothing was sent there. Give the URL of the host itself")]
    Redirected {
        /// The HTTP status.
        status: u16,
        /// The `Location` of the answer.
        location: String,
    },
    /// Something before the host has a limit for bodies: a 413 that is not a host's.
    #[error(
        "HTTP 413 from a proxy before the host, not from the host; send smaller batches, or raise the proxy's limit \
         for bodies"
    )]
    ProxyLimit,
    /// The answer is not one of a host of this project.
    #[error("HTTP {status}, {reason}; is this the URL of a pik host?")]
    NotAHost {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The host made a dry run although none was asked for, so nothing was stored.
    #[error("the host runs with DRY_RUN: it checked the events and stored none; start it without DRY_RUN")]
    NothingStored,
    /// A dry run was asked for, and the answer does not say that it was one.
    #[error("the host did not say that this was a dry run; it may have stored the events")]
    NotADryRun,
    /// The host computed another id for the same bytes, so it keeps another contract.
    #[error("the host gave {ours} the id {theirs}; it does not keep this contract, so nothing more was sent")]
    OtherId {
        /// The id that was computed here.
        ours: EventId,
        /// The id that the host answered.
        theirs: EventId,
    },
    /// The caller asked to stop.
    #[error("stopped before everything was sent")]
    Stopped,
}

fn told(problem: &Option<Problem>) -> String {
    problem.as_ref().map_or_else(String::new, |problem| format!(", {problem}"))
}

impl Error {
    /// Whether the same request may fare better later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Unavailable { .. } => true,
            Self::Configuration(_)
            | Self::Refused { .. }
            | Self::Redirected { .. }
            | Self::ProxyLimit
            | Self::NotAHost { .. }
            | Self::NothingStored
            | Self::NotADryRun
            | Self::OtherId { .. }
            | Self::Stopped => false,
        }
    }
}

/// Why one event is not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The event breaks the contract, or a limit of the host. Never empty.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rejected(Vec<Problem>),
    /// The host failed for this event until the tries ran out.
    #[error("{0}")]
    Failed(Problem),
    /// The request came to nothing.
    #[error(transparent)]
    Request(#[from] Error),
}

impl IngestError {
    /// Whether the event should be sent again later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Rejected(_) => false,
            Self::Failed(_) => true,
            Self::Request(error) => error.may_pass(),
        }
    }
}

impl From<&pik_core::Rejection> for IngestError {
    fn from(rejection: &pik_core::Rejection) -> Self {
        Self::Rejected(rejection.problems().iter().map(Problem::from).collect())
    }
}

impl IngestError {
    /// The stored event, or why it is not stored.
    pub(crate) fn of(verdict: Verdict, stopped: Option<Error>) -> Result<crate::Stored, Self> {
        match verdict {
            Verdict::Stored(stored) => Ok(stored),
            Verdict::Rejected(problems) => Err(Self::Rejected(problems)),
            Verdict::Failed(problem) => Err(Self::Failed(problem)),
            Verdict::Open => Err(Self::Request(stopped.expect("what is open has a reason"))),
        }
    }
}
