//! The bytes of an answer.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// In seconds. Queues drain within one, and clients add their own back-off.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(384);
    append(&mut text, value);
    text
}

/// [`json`], behind what is there.
pub(crate) fn append(text: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(text, value).expect("answers have string keys, and a vector takes every write");
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
