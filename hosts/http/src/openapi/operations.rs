//! What each endpoint takes and answers.

use axum::http::StatusCode;
use pik_core::Code;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, SchemaFormat};
use utoipa::openapi::{Object, ObjectBuilder, PathItem, Required};

use super::answers::{Answers, header, of_schema};
use super::questions;
use crate::limits::MAX_LISTED_PROBLEMS;
use crate::response::refusal::rejected_status;
use crate::response::schemas::{component, one_of_words, string};
use crate::{Config, Endpoint, ErrorCode};

/// The operation of an endpoint.
pub(super) fn of(endpoint: Endpoint, config: &Config) -> Option<PathItem> {
    let (method, operation) = match endpoint {
        Endpoint::Ingest => (HttpMethod::Post, ingest(config)),
        Endpoint::IngestBatch => (HttpMethod::Post, ingest_batch(config)),
        Endpoint::Health => (HttpMethod::Get, health()),
        Endpoint::Ready => (HttpMethod::Get, ready()),
        Endpoint::Events => (HttpMethod::Get, questions::events(config)),
        Endpoint::EventsLookup => (HttpMethod::Post, questions::lookup(config)),
        Endpoint::EventsRaw => (HttpMethod::Post, questions::raw_many(config)),
        Endpoint::Event => (HttpMethod::Get, questions::event(config)),
        Endpoint::EventRaw => (HttpMethod::Get, questions::raw(config)),
        Endpoint::Stats => (HttpMethod::Get, questions::stats(config)),
        Endpoint::Streams => (HttpMethod::Get, questions::streams(config)),
        Endpoint::Rejections => (HttpMethod::Get, questions::rejections(config)),
        Endpoint::RejectionStats => (HttpMethod::Get, questions::rejection_stats(config)),
        Endpoint::Metrics => (HttpMethod::Get, metrics(config)),
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
            "The body is one event of at most {} bytes, as received and, when compressed, as inflated: \
             `Content-Encoding` may be gzip or zstd. Sending an event again is safe: it is answered DUPLICATE.",
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
             it is not known where its events end. After {MAX_LISTED_PROBLEMS} listed problems a rejected event lists \
             its first alone.",
            config.max_batch_events, config.max_batch_bytes, config.max_event_bytes,
        )))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content("application/json", of_schema(array))
                .content("application/x-ndjson", of_schema(ndjson()))
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

/// Lines, each of them an event. A schema of this version of OpenAPI describes a whole body, not its parts.
fn ndjson() -> Object {
    string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .description(Some("One event a line, each as the schema `Event` says."))
        .build()
}

/// What both ways of sending events have in common.
fn of_events(operation: OperationBuilder, mut answers: Answers, config: &Config) -> OperationBuilder {
    for code in Code::ALL {
        answers.add(rejected_status(code), code.as_str(), "Rejected");
    }
    answers.add_error(ErrorCode::Unavailable);
    if config.token_list.is_some() {
        answers.add(StatusCode::TOO_MANY_REQUESTS, "the token has sent all that it may for now", "Failed");
    }
    answers.complete_behind_tokens(operation.parameter(dry_run()), config)
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

fn metrics(config: &Config) -> OperationBuilder {
    let text = ResponseBuilder::new()
        .description("counters in Prometheus's text format")
        .content("text/plain", of_schema(string().build()))
        .header("x-request-id", header("The request's id, in logs too."))
        .build();
    let operation = OperationBuilder::new().operation_id(Some("metrics")).summary(Some("The server's counters"));
    Answers::of_any().complete_behind_tokens(operation, config).response("200", text)
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

fn request_id() -> Parameter {
    ParameterBuilder::new()
        .name("x-request-id")
        .parameter_in(ParameterIn::Header)
        .description(Some(format!(
            "An id for logs and records. One of 1 to {} printable ASCII characters without space, quote and backslash is \
             taken and returned; any other is replaced by one that is made.",
            pik_core::MAX_REQUEST_ID_BYTES
        )))
        .schema(Some(string().build()))
        .build()
}
