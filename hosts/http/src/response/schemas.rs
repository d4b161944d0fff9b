//! Schemas of the values that the core defines.

use pik_core::{Code, MAX_ENTITY_ID_BYTES, MAX_PROBLEMS, Outcome};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, Schema, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Ref, Type};

use crate::ErrorCode;
use crate::limits::{MAX_BUCKETS, MAX_LIMIT};

/// A component of the document.
pub(crate) fn component(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

pub(crate) fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A string that is one of these.
pub(crate) fn one_of_words(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    string().enum_values(Some(words))
}

/// What clients send (`docs/contract.md`, section 1). What a schema cannot say is in the descriptions.
pub(crate) fn event() -> Object {
    let partition = |description: &str| {
        string()
            .min_length(Some(1))
            .description(Some(format!("{description} No control characters; at most 240 bytes as written in a key.")))
            .build()
    };
    let entity_id = string()
        .min_length(Some(1))
        .max_length(Some(MAX_ENTITY_ID_BYTES))
        .description(Some("User, device, account… No control characters; at most 1,024 bytes of UTF-8."))
        .build();
    let event_time = string()
        .description(Some("When it happened: ISO 8601 with a UTC offset, at most nine digits of a second's fraction."))
        .examples(["2025-12-28T23:59:59Z"])
        .build();
    let payload = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("Any JSON value, at most 128 levels deep, no member name twice in one object."))
        .build();
    ObjectBuilder::new()
        .property("source", partition("The origin system."))
        .required("source")
        .property("event_type", partition("The logical event type."))
        .required("event_type")
        .property("entity_id", entity_id)
        .required("entity_id")
        .property("event_time", event_time)
        .required("event_time")
        .property("payload", payload)
        .required("payload")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        .build()
}

/// One occurrence of an event, as the store keeps it.
pub(crate) fn record() -> Object {
    let text = |description: &str| string().description(Some(description)).build();
    let hash = |description: &str| string().pattern(Some("^[0-9a-f]{64}$")).description(Some(description)).build();
    let whole = |description: &str| integer().description(Some(description)).build();
    let members: [(&str, Schema); 14] = [
        ("event_id", event_id().into()),
        ("source", text("The origin system.").into()),
        ("event_type", text("The logical event type.").into()),
        ("entity_id", text("User, device, account…").into()),
        ("event_time", text("When it happened, in UTC, the fraction without trailing zeros.").into()),
        ("ingest_time", text("When this occurrence arrived, in UTC, to the millisecond.").into()),
        ("ingest_lag_ms", whole("Ingest time minus event time; negative for an event from the future.").into()),
        ("status", outcome().into()),
        ("raw_bucket", text("The bucket, or the kind of the embedded store, that holds the raw object.").into()),
        ("raw_key", text("The key of the raw object, the first occurrence's for a duplicate.").into()),
        ("raw_size", whole("The size of the raw object in bytes.").into()),
        ("payload_hash", hash("SHA-256 of the payload's canonical form.").into()),
        ("receipt", text("The attempt that wrote this record; it begins with the `x-request-id`.").into()),
        ("contract", whole("The version of the event contract.").into()),
    ];
    let mut record = object(members);
    let finished = "The time under which arrivals list this occurrence, only where that is not `ingest_time`: an attempt that \
        came later, or took long, finished it.";
    record.properties.insert("finished_time".to_owned(), Schema::from(text(finished)).into());
    record
}

/// What happened in one hour or day of event time.
pub(crate) fn bucket() -> Object {
    let nullable = |description: &str| {
        let types = SchemaType::Array(vec![Type::String, Type::Null]);
        ObjectBuilder::new().schema_type(types).description(Some(description)).build()
    };
    let lags = OneOfBuilder::new().item(component("Lags")).item(ObjectBuilder::new().schema_type(Type::Null).build());
    let lags = lags.description(Some("The lags of first occurrences; null when there are none.")).build();
    let count = |description: &str| integer().minimum(Some(0)).description(Some(description)).build();
    let members: [(&str, Schema); 7] = [
        (
            "start",
            string().description(Some("Where the bucket starts; it ends where the next one starts.")).build().into(),
        ),
        ("accepted", count("First occurrences.").into()),
        ("duplicate", count("Later occurrences.").into()),
        (
            "rejected",
            count(
                "Events that were refused within the bucket by the clock that refused them, whatever their event time; those \
                 whose source and type are valid by themselves.",
            )
            .into(),
        ),
        ("lag_ms", lags.into()),
        ("first_arrival", nullable("The earliest ingest time of any occurrence.").into()),
        ("last_arrival", nullable("The latest ingest time of any occurrence.").into()),
    ];
    object(members)
}

/// A source and a type of which there are events.
pub(crate) fn stream() -> Object {
    let text = |description: &str| string().description(Some(description)).build();
    let names = [("source", text("The origin system.").into()), ("event_type", text("The logical event type.").into())];
    let mut stream = object::<2>(names);
    let count = |description: &str| integer().minimum(Some(0)).description(Some(description)).build();
    let counted: [(&str, Schema); 6] = [
        (
            "accepted",
            count("First occurrences. This and what follows is absent where the store does not count it.").into(),
        ),
        ("duplicate", count("Later occurrences.").into()),
        ("rejected", count("Refused events of this source and type, where both were valid by themselves.").into()),
        ("first_arrival", text("The earliest ingest time of any occurrence.").into()),
        ("last_arrival", text("The latest ingest time of any occurrence.").into()),
        ("last_event_time", text("The latest event time.").into()),
    ];
    stream.properties.extend(counted.map(|(name, schema)| (name.to_owned(), schema.into())));
    stream
}

/// Lags of first occurrences.
pub(crate) fn lags() -> Object {
    let whole = |description: &str| integer().description(Some(description)).build();
    let members: [(&str, Schema); 4] = [
        (
            "p50",
            whole(
                "Half of the lags are at or below this. Up to 1/128 of its magnitude above the least such number, as \
                 are the next two.",
            )
            .into(),
        ),
        ("p95", whole("95 of 100 are at or below this.").into()),
        ("p99", whole("99 of 100 are at or below this.").into()),
        ("max", whole("The greatest, exactly.").into()),
    ];
    object(members)
}

fn object<const N: usize>(members: [(&str, Schema); N]) -> Object {
    members
        .into_iter()
        .fold(ObjectBuilder::new(), |object, (name, schema)| object.property(name, schema).required(name))
        .build()
}

fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

/// An instant, in UTC, to the millisecond.
pub(crate) fn time() -> Object {
    string().build()
}

pub(crate) fn a_record() -> Ref {
    component("Record")
}

pub(crate) fn a_record_or_null() -> Schema {
    OneOfBuilder::new().item(component("Record")).item(ObjectBuilder::new().schema_type(Type::Null)).build().into()
}

pub(crate) fn records() -> Array {
    ArrayBuilder::new().items(component("Record")).max_items(Some(MAX_LIMIT)).build()
}

pub(crate) fn streams() -> Array {
    ArrayBuilder::new().items(component("Stream")).max_items(Some(MAX_LIMIT)).build()
}

pub(crate) fn buckets() -> Array {
    ArrayBuilder::new().items(component("Bucket")).max_items(Some(MAX_BUCKETS)).build()
}

/// One thing that is wrong with an event.
pub(crate) fn problem() -> Object {
    ObjectBuilder::new()
        .property("code", one_of_words(Code::ALL.map(Code::as_str)).build())
        .required("code")
        .property("path", string().description(Some("A JSON Pointer (RFC 6901), empty for the whole body.")).build())
        .required("path")
        .property("message", string().description(Some("For a person: what is wrong and what to do.")).build())
        .required("message")
        .build()
}

pub(crate) fn problems() -> Array {
    ArrayBuilder::new().items(component("Problem")).min_items(Some(1)).max_items(Some(MAX_PROBLEMS)).build()
}

pub(crate) fn event_id() -> Object {
    string()
        .pattern(Some("^[0-9a-f]{64}$"))
        .description(Some("SHA-256 over source, type, entity, time and payload hash."))
        .build()
}

pub(crate) fn outcome() -> Object {
    one_of_words([Outcome::Accepted, Outcome::Duplicate].map(Outcome::as_str))
        .description(Some("`DUPLICATE` is no error: the event was seen before, and this occurrence is recorded."))
        .build()
}

pub(crate) fn rejected() -> Object {
    one_of_words(["REJECTED"]).build()
}

pub(crate) fn error() -> Object {
    one_of_words(["ERROR"]).build()
}

pub(crate) fn ok() -> Object {
    one_of_words(["OK"]).build()
}

pub(crate) fn error_code() -> Object {
    one_of_words(ErrorCode::ALL.map(ErrorCode::as_str)).build()
}

pub(crate) fn whole_body() -> Object {
    one_of_words([""]).build()
}
