//! Requests that end without an event being ingested.

use core::fmt;
use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::{Code, Problem, Rejection, StoreError};
use serde::Serialize;

use crate::Observation;
use crate::answer::{Failed, Rejected, json};

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

impl From<&StoreError> for ErrorCode {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Overloaded(_) => Self::Overloaded,
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Internal(_) => Self::Internal,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a host answers by itself, around the Router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostFault {
    /// The request, or its body, took too long: 408.
    Timeout,
    /// More requests at once than the host takes: 503 with `Retry-After`.
    Overloaded,
    /// What the host hands requests on to is away: 503 with `Retry-After`.
    Unavailable,
    /// A panic, or whatever else should not be: 500.
    Internal,
}

impl From<HostFault> for ErrorCode {
    fn from(fault: HostFault) -> Self {
        match fault {
            HostFault::Timeout => Self::Timeout,
            HostFault::Overloaded => Self::Overloaded,
            HostFault::Unavailable => Self::Unavailable,
            HostFault::Internal => Self::Internal,
        }
    }
}

/// Why a request is refused as a whole.
#[derive(Debug)]
pub(crate) enum Refusal {
    Rejected {
        rejection: Rejection,
        header: Option<(HeaderName, HeaderValue)>,
    },
    Error {
        code: ErrorCode,
        message: Cow<'static, str>,
        reason: Option<String>,
        header: Option<(HeaderName, HeaderValue)>,
    },
}

/// In seconds. Queues drain within one, and clients add their own back-off.
pub(crate) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Refusal {
    pub(crate) fn error(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Error { code, message: message.into(), reason: None, header: None }
    }

    pub(crate) fn rejected(code: Code, message: impl Into<String>) -> Self {
        Rejection::of(Problem::of_body(code, message)).into()
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        match &mut self {
            Self::Rejected { header, .. } | Self::Error { header, .. } => *header = Some((name, value)),
        }
        self
    }

    pub(crate) fn observation(&self) -> Observation<'_> {
        match self {
            Self::Rejected { rejection, .. } => Observation::rejected(rejection),
            Self::Error { code, reason, .. } => Observation::error(*code, reason.as_deref()),
        }
    }

    pub(crate) fn response(&self, dry_run: bool) -> Response {
        let (status, body, header) = match self {
            Self::Rejected { rejection, header } => {
                let problems = rejection.problems();
                let status = problems.first().map_or(StatusCode::BAD_REQUEST, |problem| rejected_status(problem.code));
                (status, json(&Rejected::of(problems, None, dry_run)), header)
            }
            Self::Error { code, message, header, .. } => {
                (code.http_status(), json(&Failed::of(*code, message, None, dry_run)), header)
            }
        };
        let mut response = json_response(status, body);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected { rejection, header: None }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let code = ErrorCode::from(&error);
        Self::Error {
            code,
            message: code.service_message().into(),
            reason: Some(error.reason().to_owned()),
            header: None,
        }
    }
}

pub(crate) fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// The HTTP status of an answer whose first problem has this code.
pub(crate) fn rejected_status(code: Code) -> StatusCode {
    match code {
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidJson
        | Code::NotAnObject
        | Code::MissingField
        | Code::UnknownField
        | Code::WrongType
        | Code::DuplicateKey
        | Code::Empty
        | Code::ForbiddenCharacter
        | Code::TooLong
        | Code::InvalidTime
        | Code::MissingOffset
        | Code::TimeTooPrecise
        | Code::TimeOutOfRange
        | Code::NumberOutOfRange
        | Code::TooDeep => StatusCode::BAD_REQUEST,
    }
}
