//! What a host answers by itself, around the Router.

use axum::http::StatusCode;

use super::Refusal;
use crate::ErrorCode;

/// What a host answers by itself, around the Router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostFault {
    /// The request, or its body, took too long: 408.
    Timeout,
    /// More requests at once than the host takes: 503 with `Retry-After`.
    Overloaded,
    /// The server that the host hands requests on to cannot be reached: 503 with `Retry-After`.
    Unavailable,
    /// A panic, or another broken invariant: 500.
    Internal,
    /// Not HTTP, or a length that is none: 400.
    Malformed,
    /// The request's target is too long: 414.
    TargetTooLong,
    /// The request's head is too long: 431.
    HeadTooLong,
    /// HTTP/1.1 without a `Host`, or with two: 400.
    NoSingleHost,
    /// A name in `Host` that is not served: 400.
    UnknownHost,
}

impl HostFault {
    /// The refusal of a request with this fault. The reason is for the log.
    pub(crate) fn refusal(self, reason: Option<String>) -> Refusal {
        let (code, status, message) = match self {
            Self::Timeout => return of_service(ErrorCode::Timeout, reason),
            Self::Overloaded => return of_service(ErrorCode::Overloaded, reason),
            Self::Unavailable => return of_service(ErrorCode::Unavailable, reason),
            Self::Internal => return of_service(ErrorCode::Internal, reason),
            Self::Malformed => (
                ErrorCode::InvalidParameter,
                StatusCode::BAD_REQUEST,
                "the request's head is not HTTP/1.1, or its Content-Length is not one number; send it with an HTTP client, \
                 and http:// where no proxy ends TLS",
            ),
            Self::TargetTooLong => (
                ErrorCode::InvalidParameter,
                StatusCode::URI_TOO_LONG,
                "the request's path and parameters are too long; no path here needs as many bytes",
            ),
            Self::HeadTooLong => (
                ErrorCode::InvalidParameter,
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "the request's headers are too many or too long, or its Content-Length is beyond all numbers; send fewer, \
                 cookies above all",
            ),
            Self::NoSingleHost => (
                ErrorCode::InvalidParameter,
                StatusCode::BAD_REQUEST,
                "HTTP/1.1 asks for exactly one Host header; send one",
            ),
            Self::UnknownHost => (
                ErrorCode::InvalidParameter,
                StatusCode::BAD_REQUEST,
                "the name in the Host header is not served: without tokens the server answers to localhost and to IP \
                 addresses alone; start it with --host-name NAME, or with tokens",
            ),
        };
        Refusal::error(code, message).with_status(status).with_reason(reason)
    }
}

fn of_service(code: ErrorCode, reason: Option<String>) -> Refusal {
    Refusal::error(code, code.service_message()).with_reason(reason)
}
