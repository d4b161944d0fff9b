//! Requests that end without an event being ingested.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use pik_core::{Code, CountedCode, Problem, Rejection, StoreError};

use super::Reply;
use super::answer::{Failed, Rejected};
use super::json::{json, json_response};
use crate::error_code::store_message;
use crate::{ErrorCode, Observation};

/// Why a request is refused as a whole.
#[derive(Debug)]
pub(crate) struct Refusal {
    why: Why,
    status: StatusCode,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// Whether evidence of it is on its way.
    is_witnessed: bool,
}

#[derive(Debug)]
enum Why {
    Rejected(Rejection),
    Error {
        code: ErrorCode,
        message: Cow<'static, str>,
        /// For the log alone.
        reason: Option<String>,
    },
}

impl Refusal {
    pub(crate) fn error(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            why: Why::Error { code, message: message.into(), reason: None },
            status: code.http_status(),
            header: None,
            is_witnessed: false,
        }
    }

    /// A fault of the service. The client is told to send the request again; the reason is for the log.
    pub(crate) fn service(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self::error(code, code.service_message()).with_reason(Some(reason.into()))
    }

    /// What is wrong with a query.
    pub(crate) fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::error(ErrorCode::InvalidParameter, message)
    }

    pub(crate) fn rejected(code: Code, message: impl Into<String>) -> Self {
        Rejection::of(Problem::of_body(code, message)).into()
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn with_reason(mut self, given: Option<String>) -> Self {
        match &mut self.why {
            Why::Error { reason, .. } => *reason = given,
            Why::Rejected(_) => {}
        }
        self
    }

    /// Says that evidence of it is on its way.
    pub(crate) fn witnessed(self) -> Self {
        Self { is_witnessed: true, ..self }
    }

    /// What it is to be counted under, unless there is evidence of it.
    pub(crate) fn uncounted(&self) -> Option<CountedCode> {
        match &self.why {
            _ if self.is_witnessed => None,
            Why::Rejected(rejection) => rejection.problems().first().map(|problem| CountedCode::Rejected(problem.code)),
            Why::Error { code: ErrorCode::Unauthorized, .. } => Some(CountedCode::Unauthorized),
            Why::Error { .. } => None,
        }
    }

    /// The answer, and what logs and metrics are told.
    pub(crate) fn reply(self, dry_run: bool) -> Reply {
        let (body, observation) = match self.why {
            Why::Rejected(rejection) => {
                (json(&Rejected::of(rejection.problems(), None, dry_run)), Observation::rejected(&rejection))
            }
            Why::Error { code, message, reason } => {
                (json(&Failed::of(code, &message, None, dry_run)), Observation::error(code, reason))
            }
        };
        let mut response = json_response(self.status, body);
        if let Some(header) = self.header {
            let (name, value) = *header;
            response.headers_mut().insert(name, value);
        }
        Reply { response, observations: vec![observation] }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let status =
            rejection.problems().first().map_or(StatusCode::BAD_REQUEST, |problem| rejected_status(problem.code));
        Self { why: Why::Rejected(rejection), status, header: None, is_witnessed: false }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::error(ErrorCode::from(&error), store_message(&error)).with_reason(Some(error.reason().to_owned()))
    }
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
