//! What is checked of a request before its events are looked at, in the contract's order.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use pik_core::{Code, IngestTime, Rejection, Store};

use crate::body::{BodyError, read};
use crate::inflate::{Encoding, InflateError, inflate};
use crate::media::{MediaType, content_encoding, media_type};
use crate::refusal::Refusal;
use crate::tokens::Denied;
use crate::{Api, ErrorCode, Host, parameters};

/// What an endpoint takes.
pub(crate) struct Terms {
    pub(crate) media_types: &'static [MediaType],
    /// What to tell somebody who sends another type.
    pub(crate) other_type: &'static str,
    /// In bytes, as received and as inflated.
    pub(crate) limit: usize,
    pub(crate) too_large: fn(usize) -> Rejection,
}

/// A body as it arrived.
pub(crate) struct Received {
    pub(crate) media_type: MediaType,
    encoding: Encoding,
    pub(crate) bytes: Bytes,
    ingest_time: IngestTime,
}

/// A body to look into.
pub(crate) struct Intake {
    pub(crate) media_type: MediaType,
    pub(crate) bytes: Bytes,
    pub(crate) ingest_time: IngestTime,
}

/// Checks a request for its token, parameters, content type and size, and takes its body in.
pub(crate) async fn take<S: Store, H: Host>(
    api: &Api<S, H>,
    head: &Parts,
    body: &mut Body,
    terms: &Terms,
) -> Result<Intake, Refusal> {
    receive(api, head, body, terms).await?.inflated(terms)
}

/// [`take`], with the body as it arrived.
pub(crate) async fn receive<S: Store, H: Host>(
    api: &Api<S, H>,
    head: &Parts,
    body: &mut Body,
    terms: &Terms,
) -> Result<Received, Refusal> {
    admit(api, head)?;
    parameters::check_dry_run(head.uri.query()).map_err(invalid_parameter)?;
    let media_type = media_type(&head.headers)
        .filter(|given| terms.media_types.contains(given))
        .ok_or_else(|| Refusal::rejected(Code::UnsupportedMediaType, terms.other_type))?;
    let encoding = content_encoding(&head.headers).ok_or_else(|| {
        Refusal::rejected(
            Code::UnsupportedMediaType,
            "the body's Content-Encoding is not taken; use one of gzip and zstd, or none",
        )
        .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))
    })?;
    let bytes = read(body, terms.limit).await.map_err(|error| match error {
        BodyError::TooLarge => (terms.too_large)(terms.limit).into(),
        BodyError::Broken(reason) => Refusal::Error {
            code: ErrorCode::Timeout,
            message: "the body did not arrive whole and in time; send it again".into(),
            reason: Some(reason),
            header: None,
        },
    })?;
    let ingest_time = IngestTime::from_unix_ms(api.host().now_ms()).ok_or_else(|| Refusal::Error {
        code: ErrorCode::Internal,
        message: ErrorCode::Internal.service_message().into(),
        reason: Some("the host's clock is outside the years 1 to 9999; set it".to_owned()),
        header: None,
    })?;
    Ok(Received { media_type, encoding, bytes, ingest_time })
}

impl Received {
    /// The body inflated.
    pub(crate) fn inflated(self, terms: &Terms) -> Result<Intake, Refusal> {
        let Self { media_type, encoding, bytes, ingest_time } = self;
        let bytes = inflate(encoding, bytes, terms.limit).map_err(|error| match error {
            InflateError::TooLarge => (terms.too_large)(terms.limit).into(),
            InflateError::Broken => Refusal::rejected(
                Code::InvalidJson,
                "the body does not inflate as its Content-Encoding says; compress it again, or send it plain",
            ),
        })?;
        Ok(Intake { media_type, bytes, ingest_time })
    }
}

/// Checks a request for its token.
pub(crate) fn admit<S: Store, H: Host>(api: &Api<S, H>, head: &Parts) -> Result<(), Refusal> {
    api.tokens().admit(&head.headers).map_err(|denied| {
        let (message, challenge) = match denied {
            Denied::Missing => (
                "no bearer token; send one as `Authorization: Bearer …`",
                HeaderValue::from_static("Bearer realm=\"pik\""),
            ),
            Denied::Wrong => (
                "the bearer token is not known here; check it",
                HeaderValue::from_static("Bearer realm=\"pik\", error=\"invalid_token\""),
            ),
        };
        Refusal::error(ErrorCode::Unauthorized, message).with_header(header::WWW_AUTHENTICATE, challenge)
    })
}

/// What is wrong with a query.
pub(crate) fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::error(ErrorCode::InvalidParameter, message)
}
