//! Schemas of the values that the core defines.

use pik_core::{Code, MAX_ENTITY_ID_BYTES, MAX_PROBLEMS, Outcome};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Schema, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Ref, Type};

use crate::ErrorCode;

/// A component of the document.
pub(super) fn component(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

pub(super) fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A string that is one of these.
pub(super) fn one_of_words(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    string().enum_values(Some(words))
}

/// What clients send (contract, section 1). What a schema cannot say is in the descriptions.
pub(super) fn event() -> Object {
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

/// One thing that is wrong with an event.
pub(super) fn problem() -> Object {
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
