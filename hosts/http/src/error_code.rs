//! Why a request, or an event of a batch, failed without being at fault as an event.

use core::fmt;

use axum::http::StatusCode;
use pik_core::{Obstacle, StoreError};
use serde::Serialize;

/// What an ERROR is about, as a word a program can match on (`docs/contract.md`, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No token, or a wrong one.
    Unauthorized,
    /// No such path.
    NotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The request took too long.
    Timeout,
    /// An unknown parameter, or a wrong value.
    InvalidParameter,
    /// Too much at once; try again after a pause.
    Overloaded,
    /// The store is away; try again after a pause.
    Unavailable,
    /// A fault of the host.
    Internal,
}

impl ErrorCode {
    /// Every code of ERROR, in the contract's order.
    pub const ALL: [Self; 8] = [
        Self::Unauthorized,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::InvalidParameter,
        Self::Overloaded,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The code as it stands in answers and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::InvalidParameter => "invalid_parameter",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status of an answer with this code.
    pub const fn http_status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::InvalidParameter => StatusCode::BAD_REQUEST,
            Self::Overloaded | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the client is told when it is not at fault; the reason is for the log.
    pub(crate) const fn service_message(self) -> &'static str {
        match self {
            Self::Overloaded => "too much at once; send this again after the seconds in Retry-After",
            Self::Unavailable => "the store is not available; send this again after the seconds in Retry-After",
            Self::Timeout => "the request took too long; send it again",
            Self::Unauthorized | Self::NotFound | Self::MethodNotAllowed | Self::InvalidParameter | Self::Internal => {
                "a fault of the service; send this again, and report the x-request-id if it stays"
            }
        }
    }
}

/// What the client is told of a store that failed. Its reason may name files, tables and accounts, and is for the log.
pub(crate) const fn store_message(error: &StoreError) -> &'static str {
    match error {
        StoreError::Blocked(obstacle, _) => obstacle_message(*obstacle),
        StoreError::Throttled(_) => {
            "the service behind the store takes no more at present; send this again after the seconds in Retry-After. If it \
             stays, the store's operator must raise its limit"
        }
        StoreError::Overloaded(_) => ErrorCode::Overloaded.service_message(),
        StoreError::Unavailable(_) => ErrorCode::Unavailable.service_message(),
        StoreError::Internal(_) => ErrorCode::Internal.service_message(),
    }
}

macro_rules! until_removed {
    ($obstacle:literal) => {
        concat!($obstacle, ". Send this again after the seconds in Retry-After")
    };
}

/// What is in the way, and what the operator must do about it.
const fn obstacle_message(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::DiskFull => until_removed!("the store's disk is full; its operator must free some space"),
        Obstacle::ReadOnly => until_removed!("the store is read-only; its operator must mount it for writing"),
        Obstacle::FileMoved => until_removed!(
            "the store's file was moved, deleted or replaced; its operator must bring it back, or restart the server"
        ),
        Obstacle::Denied => until_removed!(
            "the store refuses the server's credentials; its operator must renew them, or permit what they lack"
        ),
        Obstacle::Missing => until_removed!(
            "a bucket, table or column of the store does not exist; its operator must make it, or mend the settings"
        ),
        Obstacle::OtherRegion => {
            until_removed!("the store is in another region than the server asks; its operator must set the right one")
        }
        Obstacle::WrongClock => until_removed!("the clock of the store's server is wrong; its operator must set it"),
        Obstacle::UnusableKey => until_removed!(
            "the key that encrypts the store cannot be used; its operator must enable it, or permit its use"
        ),
    }
}

impl From<&StoreError> for ErrorCode {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Overloaded(_) | StoreError::Throttled(_) => Self::Overloaded,
            StoreError::Unavailable(_) | StoreError::Blocked(..) => Self::Unavailable,
            StoreError::Internal(_) => Self::Internal,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
