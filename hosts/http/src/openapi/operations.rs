//! What each endpoint takes and answers.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use pik_core::Code;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, ObjectBuilder, PathItem, RefOr, Required, Schema};

use super::BEARER;
use super::schemas::{component, one_of_words, string};
use crate::refusal::rejected_status;
use crate::resources::MAX_LISTED_PROBLEMS;
use crate::{Config, Endpoint, ErrorCode};

/// The operation of an endpoint.
pub(super) fn of(endpoint: Endpoint, config: &Config) -> Option<PathItem> {
    let (method, operation) = match endpoint {
        Endpoint::Ingest => (HttpMethod::Post, ingest(config)),
        Endpoint::IngestBatch => (HttpMethod::Post, ingest_batch(config)),
        Endpoint::Health => (HttpMethod::Get, health()),
        Endpoint::Ready => (HttpMethod::Get, ready()),
        Endpoint::OpenApi => (HttpMethod::Get, document()),
        Endpoint::Unknown => return None,
    };
    Some(PathItem::new(method, operation.parameter(request_id()).build()))
}

fn ingest(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("ingest"))
        .summary(Some("Ingest one event"))
        .description(Some(format!(
            "The body is one event of at most {} bytes, as received and, when compressed, as inflated. Sending an event \
             again is safe: it is answered DUPLICATE.",
            config.max_event_bytes
        )))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content("application/json", of_schema(component("Event")))
                .required(Some(Required::True))
                .build(),
        ));
    let mut answers = Answers::of_any();
    answers.add(StatusCode::OK, "the event is durable", "Ingested");
    of_events(operation, answers, config)
}

fn ingest_batch(config: &Config) -> OperationBuilder {
    let array = ArrayBuilder::new().items(component("Event")).max_items(Some(config.max_batch_events)).build();
    let operation = OperationBuilder::new()
        .operation_id(Some("ingestBatch"))
        .summary(Some("Ingest many events, each on its own"))
        .description(Some(format!(
            "The body is a JSON array of events, or NDJSON: one event a line, blank lines skipped. At most {} events in \
             {} bytes, each at most {} bytes. An event that is REJECTED or ERROR keeps no other out. Line and column in \
             a message count from the event's own beginning. An array that is not JSON is REJECTED as a whole, since \
             nobody can tell where its events end. After {MAX_LISTED_PROBLEMS} listed problems a rejected event lists \
             its first alone.",
            config.max_batch_events, config.max_batch_bytes, config.max_event_bytes,
        )))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content("application/json", of_schema(array))
                .content("application/x-ndjson", of_schema(component("Event")))
                .required(Some(Required::True))
                .build(),
        ));
    let mut answers = Answers::of_any();
    answers.add(StatusCode::OK, "every event is durable or REJECTED, none was lost", "Batch");
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE] {
        answers.add(status, "some events failed; send those that are ERROR again, or all of them", "Batch");
    }
    of_events(operation, answers, config)
}

/// What both ways of sending events have in common.
fn of_events(operation: OperationBuilder, mut answers: Answers, config: &Config) -> OperationBuilder {
    for code in Code::ALL {
        answers.add(rejected_status(code), code.as_str(), "Rejected");
    }
    answers.add_error(ErrorCode::Unavailable);
    let mut operation = operation.parameter(dry_run()).parameter(content_encoding());
    if !config.tokens.is_empty() {
        answers.add_error(ErrorCode::Unauthorized);
        operation = operation.security(SecurityRequirement::new(BEARER, Vec::<String>::new()));
    }
    answers.complete(operation)
}

fn health() -> OperationBuilder {
    let operation = OperationBuilder::new().operation_id(Some("health")).summary(Some("Whether the process answers"));
    let mut answers = Answers::of_any();
    answers.add(StatusCode::OK, "it does", "Well");
    answers.complete(operation)
}

fn ready() -> OperationBuilder {
    let operation = OperationBuilder::new().operation_id(Some("ready")).summary(Some("Whether the store answers"));
    let mut answers = Answers::of_any();
    answers.add(StatusCode::OK, "it does", "Well");
    answers.add_error(ErrorCode::Unavailable);
    answers.complete(operation)
}

fn document() -> OperationBuilder {
    let this = ResponseBuilder::new()
        .description("an OpenAPI 3.1 document")
        .content("application/json", of_schema(ObjectBuilder::new().build()))
        .build();
    let operation = OperationBuilder::new().operation_id(Some("openapi")).summary(Some("This document"));
    Answers::of_any().complete(operation).response("200", this)
}

fn dry_run() -> Parameter {
    ParameterBuilder::new()
        .name("dry_run")
        .parameter_in(ParameterIn::Query)
        .description(Some("Whether to answer as ever, plus `\"dry_run\":true`, and write nothing."))
        .schema(Some(one_of_words(["true", "false"]).build()))
        .build()
}

fn content_encoding() -> Parameter {
    ParameterBuilder::new()
        .name("content-encoding")
        .parameter_in(ParameterIn::Header)
        .description(Some("How the body is compressed, if it is."))
        .schema(Some(one_of_words(["gzip", "zstd", "identity"]).build()))
        .build()
}

fn request_id() -> Parameter {
    ParameterBuilder::new()
        .name("x-request-id")
        .parameter_in(ParameterIn::Header)
        .description(Some("1 to 128 printable ASCII characters, no space, quote or backslash. Else one is made."))
        .schema(Some(string().max_length(Some(pik_core::MAX_REQUEST_ID_BYTES)).build()))
        .build()
}

fn of_schema(schema: impl Into<RefOr<Schema>>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

/// The answers of an operation, by HTTP status: what each means, or its codes, and the schemas it may have.
#[derive(Default)]
struct Answers(BTreeMap<u16, (Vec<&'static str>, BTreeSet<&'static str>)>);

impl Answers {
    /// What every request may be answered, by the host around the Router too.
    fn of_any() -> Self {
        let mut answers = Self::default();
        for code in [
            ErrorCode::MethodNotAllowed,
            ErrorCode::Timeout,
            ErrorCode::InvalidParameter,
            ErrorCode::Overloaded,
            ErrorCode::Internal,
        ] {
            answers.add_error(code);
        }
        answers
    }

    fn add(&mut self, status: StatusCode, meaning: &'static str, schema: &'static str) {
        let (meanings, schemas) = self.0.entry(status.as_u16()).or_default();
        meanings.push(meaning);
        schemas.insert(schema);
    }

    fn add_error(&mut self, code: ErrorCode) {
        self.add(code.http_status(), code.as_str(), "Failed");
    }

    fn complete(self, operation: OperationBuilder) -> OperationBuilder {
        self.0.into_iter().fold(operation, |operation, (status, (meanings, schemas))| {
            operation.response(status.to_string(), response(status, &meanings, &schemas))
        })
    }
}

fn response(status: u16, meanings: &[&str], schemas: &BTreeSet<&str>) -> Response {
    let schema: RefOr<Schema> = match schemas.first() {
        Some(only) if schemas.len() == 1 => component(only).into(),
        _ => schemas.iter().fold(OneOfBuilder::new(), |any, name| any.item(component(name))).into(),
    };
    let header =
        |description: &str| HeaderBuilder::new().schema(Some(string().build())).description(Some(description)).build();
    let response = ResponseBuilder::new()
        .description(meanings.join(", "))
        .content("application/json", of_schema(schema))
        .header("x-request-id", header("The request's id, in logs and records too."));
    match StatusCode::from_u16(status) {
        Ok(StatusCode::UNAUTHORIZED) => response.header("www-authenticate", header("The scheme: Bearer.")),
        Ok(StatusCode::METHOD_NOT_ALLOWED) => response.header("allow", header("The methods this path takes.")),
        Ok(StatusCode::SERVICE_UNAVAILABLE) => response.header("retry-after", header("In seconds.")),
        Ok(_) | Err(_) => response,
    }
    .build()
}
