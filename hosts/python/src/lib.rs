#![doc = include_str!("../README.md")]

mod body;
mod ids;
mod pointer;
mod problem;
mod text;
mod types;

use pik_core::{Event, key_prefix};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use body::Body;
use problem::Refusal;

/// What is known of an event before it is sent: event_id, payload_hash, event_time, canonical payload and the key's prefix.
type Preview = (String, String, String, String, String);

/// The id of an event and the bytes that it was computed of.
#[pyfunction]
fn judge<'py>(event: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyBytes>)> {
    let py = event.py();
    let body = Body::of(event)?.map_err(|refusal| refusal.raised())?;
    let parsed = Event::parse(body.bytes()).map_err(|rejection| Refusal::from(&rejection).raised())?;
    Ok((PyString::new(py, &parsed.id().to_string()), PyBytes::new(py, body.bytes())))
}

/// What is known of an event before it is sent.
#[pyfunction]
fn preview(event: &Bound<'_, PyAny>) -> PyResult<Preview> {
    let body = Body::of(event)?.map_err(|refusal| refusal.raised())?;
    let (parsed, payload) =
        Event::parse_with_payload(body.bytes()).map_err(|rejection| Refusal::from(&rejection).raised())?;
    Ok((
        parsed.id().to_string(),
        parsed.payload_hash().to_string(),
        parsed.event_time().canonical().to_string(),
        payload,
        key_prefix(&parsed),
    ))
}

/// Bindings of the core. `pik_client` is what programs import.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::{ids::event_ids, judge, preview};
}
