//! The bytes of an event: what is hashed is what is sent.

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::problem::Refusal;
use crate::text::{LONE_SURROGATE, json_text};

/// An event on its way to the core. Texts stay where Python has them, and can be read without the interpreter's lock.
pub(crate) enum Body {
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
    Written(Vec<u8>),
}

impl Body {
    /// The body that says what `event` says; texts and bytes are taken exactly as they are.
    pub(crate) fn of(event: &Bound<'_, PyAny>) -> PyResult<Result<Self, Refusal>> {
        if let Ok(text) = event.cast::<PyString>() {
            // The one reason why a text has no UTF-8.
            let text = text.clone().try_into().map(Self::Text);
            return Ok(
                text.map_err(|_: PyErr| Refusal(vec![("invalid_json", String::new(), LONE_SURROGATE.to_owned())]))
            );
        }
        if event.is_instance_of::<PyBytes>() || event.is_instance_of::<PyByteArray>() {
            return Ok(Ok(Self::Bytes(event.extract()?)));
        }
        Ok(json_text(event)?.map(Self::Written))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Written(bytes) => bytes,
        }
    }

    /// How many bytes it keeps that Python does not keep anyway.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(_) | Self::Bytes(_) => 0,
            Self::Written(bytes) => bytes.len(),
        }
    }
}
