//! What investigators may ask, and what they are answered.

use axum::http::StatusCode;
use pik_core::{BucketWidth, Code, Order, Outcome};
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder};
use utoipa::openapi::{ObjectBuilder, Required, Schema, Type};

use super::answers::{Answers, header, of_schema};
use crate::limits::{
    DEFAULT_LIMIT, ENOUGH_RAW_BYTES, MAX_BUCKETS, MAX_IDS_BYTES, MAX_LIMIT, MAX_LOOKUP_IDS, MAX_RAW_IDS, MAX_WAIT,
};
use crate::response::schemas::{component, event_id, one_of_words, string};
use crate::{Config, ErrorCode};

const TIME: &str = "ISO 8601 with a UTC offset, a + of an offset written %2B.";

pub(super) fn events(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("events"))
        .summary(Some("Records by entity, by time or by lag"))
        .description(Some(
            "One question at a time. `entity_id` with `from`, `to` and `status`: one entity through time, by event time \
             and id, an event's duplicates behind it. `from` and `to`, or one of them: a range of event times, of all \
             events, of a `source`, or of a `source` and `event_type`, from the end that `order` says. Stores other \
             than SQLite need an index for it, and say how to make it. `arrived_from` and `arrived_to` the same by arrival; without either, `order=desc` gives the \
             newest. `source`, `event_type` and `event_date` with `min_lag`: the first occurrences of a type and day, \
             the latest to arrive first, negative lags last. `until`, `ingested_from` and `ingested_to` are older names of \
             `to`, `arrived_from` and `arrived_to`. A source or type of which there is nothing is told with the nearest names.",
        ))
        .parameter(text("entity_id", "One user, device or account."))
        .parameter(text("from", &format!("The earliest event time, included. {TIME}")))
        .parameter(text("to", &format!("The latest event time, excluded. {TIME}")))
        .parameter(text("arrived_from", &format!("The earliest ingest time, included. {TIME}")))
        .parameter(text("arrived_to", &format!("The latest ingest time, excluded. {TIME}")))
        .parameter(text("source", "The origin system."))
        .parameter(text("event_type", "The logical event type; with its `source`."))
        .parameter(query(
            "order",
            "`asc` for the earliest first, which is meant when nothing is said, or `desc` for the latest.",
            one_of_words([Order::Ascending, Order::Descending].map(Order::as_str)).build(),
        ))
        .parameter(text("event_date", "The UTC date of the event time, `YYYY-MM-DD`."))
        .parameter(text("min_lag", "The least lag, included: a whole number of `ms`, `s`, `m`, `h` or `d`, such as `2h`."))
        .parameter(query("min_lag_ms", "The same in milliseconds.", whole_number()))
        .parameter(query(
            "wait",
            "With arrivals, the earliest first: how many seconds to wait for one, if there is none yet. The answer comes as \
             soon as there is one that is settled.",
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(MAX_WAIT)).build(),
        ))
        .parameter(query("status", "First occurrences alone, or duplicates alone.", statuses()))
        .parameter(limit())
        .parameter(cursor());
    let mut answers = of_question();
    answers.add(StatusCode::OK, "a page of records", "EventsFound");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn lookup(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("lookup"))
        .summary(Some("Which of these events there are"))
        .description(Some(format!(
            "At most {MAX_LOOKUP_IDS} ids, in at most {MAX_IDS_BYTES} bytes, and as many results in the same order. \
             DynamoDB reads a unit for each 4 KiB of a record, strongly consistent, 100 records a call."
        )))
        .request_body(Some(ids(MAX_LOOKUP_IDS)));
    let mut answers = of_question();
    answers.add(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::InvalidParameter.as_str(), "Failed");
    answers.add(StatusCode::OK, "the record of each event, or null", "Lookup");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn raw_many(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("raw_many"))
        .summary(Some("These events as they were received"))
        .description(Some(format!(
            "At most {MAX_RAW_IDS} ids, in at most {MAX_IDS_BYTES} bytes. Results are in the same order, and there may be \
             fewer of them, but at least one: behind {ENOUGH_RAW_BYTES} bytes of raw objects none more is taken. Ask \
             for the rest in another request. Each event is read as by `/events/{{event_id}}/raw`, at the same cost."
        )))
        .request_body(Some(ids(MAX_RAW_IDS)));
    let mut answers = of_question();
    answers.add(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::InvalidParameter.as_str(), "Failed");
    answers.add(StatusCode::OK, "the raw object of each event as a text, or null", "RawObjects");
    answers.complete_behind_tokens(operation, config)
}

/// The body of a request for several events.
fn ids(most: usize) -> RequestBody {
    let body = ObjectBuilder::new()
        .property("event_ids", ArrayBuilder::new().items(event_id()).max_items(Some(most)))
        .required("event_ids")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    RequestBodyBuilder::new()
        .content("application/json", of_schema(body.build()))
        .required(Some(Required::True))
        .build()
}

pub(super) fn event(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("event"))
        .summary(Some("One event, where its raw object is, and its duplicates"))
        .parameter(id())
        .parameter(limit())
        .parameter(cursor());
    let mut answers = of_question();
    answers.add_error(ErrorCode::NotFound);
    answers.add(StatusCode::OK, "the event's record and a page of its duplicates", "EventFound");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn raw(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("raw"))
        .summary(Some("One event as it was received"))
        .parameter(id())
        .parameter(
            ParameterBuilder::new()
                .name("if-none-match")
                .parameter_in(ParameterIn::Header)
                .description(Some("The `etag` of bytes that are there already."))
                .schema(Some(string().build()))
                .build(),
        );
    let mut answers = of_question();
    answers.add_error(ErrorCode::NotFound);
    let bytes = ResponseBuilder::new()
        .description("the bytes of the event, from `{` to `}`")
        .content("application/json", of_schema(component("Event")))
        .header("x-request-id", header("The request's id, in logs and records too."))
        .header("etag", header("The event id in double quotes."))
        .header("cache-control", header("For ever: what an id names does not change."))
        .build();
    let known = ResponseBuilder::new().description("the bytes are those that `if-none-match` names").build();
    answers.complete_behind_tokens(operation, config).response("200", bytes).response("304", known)
}

pub(super) fn stats(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("stats"))
        .summary(Some("Counts and lags of a type by hour or day of event time"))
        .description(Some(format!(
            "Every bucket that has a part in `from` to `to`, whole and in order, empty ones too. At most {MAX_BUCKETS}."
        )))
        .parameter(required(text("source", "The origin system.")))
        .parameter(required(text("event_type", "The logical event type.")))
        .parameter(required(text("from", &format!("An event time in the first bucket. {TIME}"))))
        .parameter(required(text("to", &format!("The event time before which the last bucket starts. {TIME}"))))
        .parameter(query(
            "bucket",
            "The width of a bucket, an hour when nothing is said.",
            one_of_words([BucketWidth::Hour, BucketWidth::Day].map(BucketWidth::as_str)).build(),
        ));
    let mut answers = of_question();
    answers.add(StatusCode::OK, "the buckets", "Stats");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn streams(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("streams"))
        .summary(Some("Which sources and types there are"))
        .description(Some(
            "Each source and type of which there are events. SQLite counts them; S3 with DynamoDB and R2 with D1 know \
             their names alone, and what was refused.",
        ))
        .parameter(limit())
        .parameter(cursor());
    let mut answers = of_question();
    answers.add(StatusCode::OK, "a page of sources and types", "StreamsFound");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn rejections(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("rejections"))
        .summary(Some("Refused events, newest first"))
        .description(Some(
            "One for each refused event or body that a token let in; equal ones are one with a count. How many are kept, and \
             how long, is bounded. A dry run, and what is too large, leaves counts alone.",
        ))
        .parameter(text("from", &format!("Refused at this time or later. {TIME}")))
        .parameter(text("to", &format!("Refused before this time. {TIME}")))
        .parameter(text("source", "The origin system, where it is valid by itself."))
        .parameter(query("code", "With this code among others.", one_of_words(Code::ALL.map(Code::as_str)).build()))
        .parameter(limit())
        .parameter(cursor());
    let mut answers = of_question();
    answers.add(StatusCode::OK, "a page of refused events", "RejectionsFound");
    answers.complete_behind_tokens(operation, config)
}

pub(super) fn rejection_stats(config: &Config) -> OperationBuilder {
    let operation = OperationBuilder::new()
        .operation_id(Some("rejectionStats"))
        .summary(Some("How many events were refused, by hour of arrival and code"))
        .description(Some(
            "Each is counted once, under its first code, also when it left no record. Requests to ingest without a token that \
             is known are `unauthorized`. Hours are whole, the last 31 days when nothing is said.",
        ))
        .parameter(text("from", &format!("A time in the first hour. {TIME}")))
        .parameter(text("to", &format!("The time before which the last hour starts. {TIME}")))
        .parameter(text("source", "Of this source alone, where it is valid by itself."))
        .parameter(text("event_type", "Of this type alone, likewise."));
    let mut answers = of_question();
    answers.add(StatusCode::OK, "the counts", "RejectionHours");
    answers.complete_behind_tokens(operation, config)
}

/// What every question may be answered.
fn of_question() -> Answers {
    let mut answers = Answers::of_any();
    answers.add_error(ErrorCode::Unavailable);
    answers
}

fn id() -> Parameter {
    ParameterBuilder::new()
        .name("event_id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The event's id."))
        .schema(Some(event_id()))
        .build()
}

fn limit() -> Parameter {
    let limit = whole_number_from(1, MAX_LIMIT);
    query("limit", &format!("The most entries of a page, {DEFAULT_LIMIT} when nothing is said."), limit)
}

fn cursor() -> Parameter {
    text("cursor", "The `next_cursor` of a page, for the page behind it. The other parameters stay as they were.")
}

fn text(name: &str, description: &str) -> Parameter {
    query(name, description, string().build())
}

fn query(name: &str, description: &str, schema: impl Into<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .schema(Some(schema.into()))
        .build()
}

fn required(parameter: Parameter) -> Parameter {
    ParameterBuilder::from(parameter).required(Required::True).build()
}

fn statuses() -> Schema {
    one_of_words([Outcome::Accepted, Outcome::Duplicate].map(Outcome::as_str)).build().into()
}

fn whole_number() -> Schema {
    ObjectBuilder::new().schema_type(Type::Integer).build().into()
}

fn whole_number_from(least: usize, most: usize) -> Schema {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most)).build().into()
}
