//! Python's own types that have an exact form in JSON, and why others have none.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyFrozenSet, PyMemoryView, PySet, PyType};

/// A value that is a text or a number of JSON, although Python has a type of its own for it.
pub(crate) enum Known {
    Decimal,
    DateTime,
    Date,
    Uuid,
    /// A scalar of NumPy's, which has a value of Python's inside.
    Numpy,
}

impl Known {
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        static DATE_TIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static DATE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let py = value.py();
        if is_missing(value)? {
            return Ok(None);
        }
        // A datetime is a date to Python, so it comes first.
        Ok(if value.is_instance(decimal_type(py)?)? {
            Some(Self::Decimal)
        } else if value.is_instance(DATE_TIME.import(py, "datetime", "datetime")?)? {
            Some(Self::DateTime)
        } else if value.is_instance(DATE.import(py, "datetime", "date")?)? {
            Some(Self::Date)
        } else if value.is_instance(UUID.import(py, "uuid", "UUID")?)? {
            Some(Self::Uuid)
        } else if value.get_type().module()?.to_string_lossy() == "numpy"
            && value.is_instance(&py.import("numpy")?.getattr("generic")?)?
        {
            Some(Self::Numpy)
        } else {
            None
        })
    }
}

pub(crate) fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")
}

/// A minute, as a difference of times.
pub(crate) fn minute(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("datetime")?.getattr("timedelta")?.call1((0, 60))
}

/// The time zone UTC.
pub(crate) fn utc(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("datetime")?.getattr("timezone")?.getattr("utc")
}

/// Whether it stands for a missing value of pandas, which says of its NaT that it is a datetime.
fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(matches!(&*value.get_type().name()?.to_string_lossy(), "NaTType" | "NAType"))
}

/// Why a value has no form in JSON.
pub(crate) fn refusal(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if is_missing(value)? {
        return Ok("a missing value of pandas has no form in JSON; send None".to_owned());
    }
    if value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>() {
        return Ok("a set has no order and no form in JSON; send a list, sorted so that its id is one".to_owned());
    }
    if value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>()
        || value.is_instance_of::<PyMemoryView>()
    {
        return Ok("binary data has no form in JSON; send it as base64 text".to_owned());
    }
    let name = value.get_type().name()?;
    let name = name.to_string_lossy();
    Ok(if name == "ndarray" {
        "an array of NumPy's has no form in JSON; send its tolist()".to_owned()
    } else {
        format!("a {name} has no form in JSON; send what it stands for as text, number, list or dict")
    })
}
