//! Schemas of what is kept of refused events.

use pik_core::{Code, CountedCode, MAX_KEPT_ERRORS};
use utoipa::openapi::schema::{ArrayBuilder, Schema};
use utoipa::openapi::{Array, Object, ObjectBuilder, Type};

use super::schemas::{component, one_of_words, string};
use crate::limits::MAX_LIMIT;

/// A refused event or body.
pub(crate) fn record() -> Object {
    let text = |description: &str| string().description(Some(description)).build();
    let count = |description: &str| {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(description)).build()
    };
    let hash = string().pattern(Some("^[0-9a-f]{64}$")).description(Some("SHA-256 of the bytes.")).build();
    let error = ObjectBuilder::new()
        .property("code", one_of_words(Code::ALL.map(Code::as_str)).build())
        .required("code")
        .property("path", text("A JSON Pointer, cut to an ancestor where it is long."))
        .required("path")
        .build();
    let errors = ArrayBuilder::new().items(error).min_items(Some(1)).max_items(Some(MAX_KEPT_ERRORS)).build();
    let required: [(&str, Schema); 7] = [
        ("first_time", text("When the first of them was refused.").into()),
        ("last_time", text("When the last of them was refused.").into()),
        ("count", count("How many there were of equal bytes and codes.").into()),
        ("request_id", text("The first one's `x-request-id`.").into()),
        ("errors", Schema::Array(errors)),
        ("length", count("How many bytes there were.").into()),
        ("sha256", hash.into()),
    ];
    let optional: [(&str, Schema); 9] = [
        ("index", count("The first one's place in its batch; absent for a body that was refused as a whole.").into()),
        ("source", text("The origin system, where that is valid by itself; so are the next three.").into()),
        ("event_type", text("The logical event type.").into()),
        ("entity_id", text("User, device, account…").into()),
        ("event_time", text("When it happened, in UTC.").into()),
        ("token", text("The name of the token that let the request in.").into()),
        ("user_agent", text("The client's `User-Agent`.").into()),
        ("body", text("The first bytes, where the operator has them kept and they are text.").into()),
        ("body_hex", text("The same in hexadecimal digits, where they are not UTF-8.").into()),
    ];
    let record = required
        .into_iter()
        .fold(ObjectBuilder::new(), |record, (name, schema)| record.property(name, schema).required(name));
    optional.into_iter().fold(record, |record, (name, schema)| record.property(name, schema)).build()
}

/// What was refused in one hour with one code.
pub(crate) fn hour() -> Object {
    let codes = Code::ALL.map(CountedCode::Rejected).into_iter().chain([CountedCode::Unauthorized]);
    let count = |description: &str| {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(description)).build()
    };
    ObjectBuilder::new()
        .property("hour", string().description(Some("The start of the UTC hour.")).build())
        .required("hour")
        .property(
            "code",
            one_of_words(codes.map(CountedCode::as_str)).description(Some("The first code of each.")).build(),
        )
        .required("code")
        .property("count", count("How many."))
        .required("count")
        .property("unrecorded", count("Of these, how many left no record."))
        .required("unrecorded")
        .build()
}

pub(crate) fn records() -> Array {
    ArrayBuilder::new().items(component("RejectionRecord")).max_items(Some(MAX_LIMIT)).build()
}

pub(crate) fn hours() -> Array {
    ArrayBuilder::new().items(component("RejectedHour")).build()
}
