//! What is checked of a request before its events are looked at, in the contract's order.

use core::time::Duration;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use pik_core::{Code, IngestTime, Problem, Rejection};

use crate::evidence::Witness;
use crate::request::body::{BodyError, read};
use crate::request::body_budget::{Exhausted, Share};
use crate::request::encoding::{Encoding, content_encoding};
use crate::request::inflate::{InflateError, inflate};
use crate::request::media::{MediaType, media_type};
use crate::request::tokens::Denied;
use crate::response::Refusal;
use crate::service::Service;
use crate::{Call, Config, ErrorCode, Host, Meter, Scope};

/// A body of at least this many bytes, or a compressed one, is inflated and parsed where it keeps no other request waiting.
const LARGE_BYTES: usize = 64 * 1024;

/// What an endpoint takes.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) media_types: &'static [MediaType],
    /// What to tell a client that sends another type.
    pub(crate) other_type: &'static str,
    /// In bytes, as received and as inflated.
    pub(crate) limit: fn(&Config) -> usize,
    pub(crate) too_large: fn(usize) -> Rejection,
}

impl Terms {
    pub(crate) fn limit(&self, config: &Config) -> usize {
        (self.limit)(config)
    }
}

/// A body as it arrived.
pub(crate) struct Received {
    pub(crate) media_type: MediaType,
    encoding: Encoding,
    pub(crate) bytes: Bytes,
    pub(crate) ingest_time: IngestTime,
    limit: usize,
    too_large: fn(usize) -> Rejection,
    share: Share,
    witness: Witness,
    meter: Option<Arc<dyn Meter>>,
}

/// A body to look into. Its bytes count as under way until the share is dropped.
pub(crate) struct Intake {
    pub(crate) media_type: MediaType,
    pub(crate) bytes: Bytes,
    pub(crate) ingest_time: IngestTime,
    pub(crate) share: Share,
    pub(crate) witness: Witness,
    meter: Option<Arc<dyn Meter>>,
}

impl Intake {
    /// Counts the body, with so many events in it, against what its token may send.
    pub(crate) fn count(&self, events: usize) -> Result<(), Refusal> {
        let counted = self.meter.as_ref().map_or(Ok(()), |meter| meter.count(events, self.bytes.len()));
        counted.map_err(too_much)
    }

    /// The refusal of the whole body, which leaves evidence.
    pub(crate) fn refuse(&self, rejection: Rejection) -> Refusal {
        self.witness.rejected(self.ingest_time, None, &self.bytes, &rejection);
        Refusal::from(rejection).witnessed()
    }
}

/// Checks a request's parameters, content type and size, and takes its body in.
pub(crate) async fn receive<S, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
    terms: &Terms,
) -> Result<Received, Refusal> {
    call.parameters().check_dry_run().map_err(Refusal::invalid_parameter)?;
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
    let limit = terms.limit(service.config());
    let too_large = terms.too_large;
    let mut share = service.budget().share();
    let bytes = read(body, limit, &mut share).await.map_err(|error| match error {
        BodyError::TooLarge => too_large(limit).into(),
        BodyError::NoRoom => no_room(),
        BodyError::Malformed => Refusal::rejected(
            Code::InvalidJson,
            "the body is not framed as its Transfer-Encoding says; mend the client or proxy that wrote its chunks",
        ),
        BodyError::Broken(reason) => {
            Refusal::error(ErrorCode::Timeout, "the body did not arrive whole and in time; send it again")
                .with_reason(Some(reason))
        }
    })?;
    let ingest_time = host_time(service)?;
    let witness = call.witness(service);
    let meter = call.meter(service);
    Ok(Received { media_type, encoding, bytes, ingest_time, limit, too_large, share, witness, meter })
}

/// What the host's clock shows.
pub(crate) fn host_time<S, H: Host>(service: &Service<S, H>) -> Result<IngestTime, Refusal> {
    IngestTime::from_unix_ms(service.host().now_ms())
        .ok_or_else(|| Refusal::service(ErrorCode::Internal, "the host's clock is outside the years 1 to 9999; set it"))
}

impl Received {
    /// Inflates the body and works on it; elsewhere, if it is large.
    pub(crate) async fn work<T: Send + 'static, H: Host>(
        self,
        host: &H,
        work: impl FnOnce(Intake) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let is_large = self.encoding != Encoding::Identity || self.bytes.len() > LARGE_BYTES;
        let all = move || self.inflated().and_then(work);
        if is_large { host.offload(all).await } else { all() }
    }

    fn inflated(self) -> Result<Intake, Refusal> {
        let Self { media_type, encoding, bytes, ingest_time, limit, too_large, share, witness, meter } = self;
        let mut intake = Intake { media_type, bytes, ingest_time, share, witness, meter };
        if encoding == Encoding::Identity {
            return Ok(intake);
        }
        let broken = |message: &str| Rejection::of(Problem::of_body(Code::InvalidJson, message));
        // What does not inflate leaves evidence as it came.
        intake.bytes = inflate(encoding, intake.bytes.clone(), limit).map_err(|error| match error {
            InflateError::TooLarge => too_large(limit).into(),
            InflateError::TooManyParts => intake.refuse(broken(
                "the body is compressed in more than 1,024 gzip members or zstd frames; compress it in one",
            )),
            InflateError::Broken => intake.refuse(broken(
                "the body does not inflate as its Content-Encoding says; compress it again, or send it plain",
            )),
        })?;
        intake.share.take(intake.bytes.len())?;
        Ok(intake)
    }
}

impl From<Exhausted> for Refusal {
    fn from(_: Exhausted) -> Self {
        no_room()
    }
}

pub(crate) fn no_room() -> Refusal {
    Refusal::service(ErrorCode::Overloaded, "the bodies under way take all the memory that they may")
}

/// The token has sent all that it may, until so much later.
fn too_much(room_in: Duration) -> Refusal {
    let seconds = room_in.as_secs() + u64::from(room_in.subsec_nanos() > 0);
    Refusal::error(
        ErrorCode::Overloaded,
        "the bearer token has sent all that it may for now; send this again after the seconds in Retry-After",
    )
    .with_status(StatusCode::TOO_MANY_REQUESTS)
    .with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    .with_reason(Some("the limit of the token".to_owned()))
}

/// Refuses a request that no token lets in.
pub(crate) fn admit(call: &Call) -> Result<(), Refusal> {
    let denied = match call.admitted() {
        Ok(()) => return Ok(()),
        Err(denied) => denied,
    };
    let (status, message, challenge) = match denied {
        Denied::Missing => (
            StatusCode::UNAUTHORIZED,
            "no bearer token; send one as `Authorization: Bearer …`",
            HeaderValue::from_static("Bearer realm=\"pik\""),
        ),
        Denied::Wrong => (
            StatusCode::UNAUTHORIZED,
            "the bearer token is not known here; check it",
            HeaderValue::from_static("Bearer realm=\"pik\", error=\"invalid_token\""),
        ),
        Denied::OtherScope(scope) => {
            let (message, challenge) = match scope {
                Scope::Ingest => (
                    "the bearer token is not for sending events; use one with the scope `ingest`",
                    "Bearer realm=\"pik\", error=\"insufficient_scope\", scope=\"ingest\"",
                ),
                Scope::Read => (
                    "the bearer token is not for reading; use one with the scope `read`",
                    "Bearer realm=\"pik\", error=\"insufficient_scope\", scope=\"read\"",
                ),
                Scope::Metrics => (
                    "the bearer token is not for metrics; use one with the scope `metrics`",
                    "Bearer realm=\"pik\", error=\"insufficient_scope\", scope=\"metrics\"",
                ),
            };
            (StatusCode::FORBIDDEN, message, HeaderValue::from_static(challenge))
        }
    };
    Err(Refusal::error(ErrorCode::Unauthorized, message)
        .with_status(status)
        .with_header(header::WWW_AUTHENTICATE, challenge))
}
