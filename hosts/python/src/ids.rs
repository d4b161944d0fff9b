//! The ids of many events at once.

use pik_core::Event;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::body::Body;
use crate::problem::Refusal;

/// How many events are judged while other threads have the interpreter: some milliseconds' worth.
const EVENTS_AT_ONCE: usize = 1024;

/// The most bytes that are written for them.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// The id of each event, None where it is rejected, and for these what is wrong, by their places.
#[pyfunction]
pub(crate) fn event_ids<'py>(events: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let py = events.py();
    let (ids, rejected) = (PyList::empty(py), PyDict::new(py));
    let mut events = events.try_iter()?;
    loop {
        let bodies = some(&mut events)?;
        if bodies.is_empty() {
            return Ok((ids, rejected));
        }
        let judged: Vec<Result<[u8; 64], Refusal>> = py.detach(|| bodies.iter().filter_map(judged).collect());
        let mut judged = judged.into_iter();
        for body in bodies {
            let answer = match body {
                Ok(_) => judged.next().expect("each body was judged"),
                Err(refusal) => Err(refusal),
            };
            match answer {
                Ok(id) => ids.append(PyString::from_bytes(py, &id)?)?,
                Err(Refusal(problems)) => {
                    rejected.set_item(ids.len(), problems)?;
                    ids.append(py.None())?;
                }
            }
        }
        py.check_signals()?;
    }
}

/// The next events, as bodies.
fn some<'py>(events: &mut impl Iterator<Item = PyResult<Bound<'py, PyAny>>>) -> PyResult<Vec<Result<Body, Refusal>>> {
    let mut bodies = Vec::new();
    let mut bytes = 0;
    while bodies.len() < EVENTS_AT_ONCE && bytes < BYTES_AT_ONCE {
        let Some(event) = events.next() else { break };
        let body = Body::of(&event?)?;
        bytes += body.as_ref().map_or(0, Body::size);
        bodies.push(body);
    }
    Ok(bodies)
}

/// `None` for what is refused already.
fn judged(body: &Result<Body, Refusal>) -> Option<Result<[u8; 64], Refusal>> {
    let body = body.as_ref().ok()?;
    Some(Event::parse(body.bytes()).map(|event| event.id().hex()).map_err(|rejection| Refusal::from(&rejection)))
}
