//! A value of Python's as JSON text, and a problem for whatever has no exact form there.

use std::io::Write;

use pik_core::{MAX_BODY_BYTES, MAX_DEPTH, MAX_PROBLEMS};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::pointer::{Step, Steps};
use crate::problem::Refusal;
use crate::types::{Known, decimal_type, minute, refusal, utc};

pub(crate) const LONE_SURROGATE: &str =
    "half of a surrogate pair, which UTF-8 cannot carry; remove it or complete the character";

/// Over the limit on a body, so the core need not see more to refuse it.
const MORE_THAN_ENOUGH: usize = 2 * MAX_BODY_BYTES;

/// Over the limit on depth, the event's own object included.
const DEEP_ENOUGH: usize = MAX_DEPTH + 8;

/// From here on neighbouring integers are one number of floating point.
const UNSAFE_INTEGER: f64 = 9_007_199_254_740_992.0;

/// The text of a value, or everything in it that has no form in JSON.
pub(crate) fn json_text(value: &Bound<'_, PyAny>) -> PyResult<Result<Vec<u8>, Refusal>> {
    let mut writer = Writer::default();
    writer.value(value)?;
    Ok(if writer.problems.0.is_empty() { Ok(writer.text) } else { Err(writer.problems) })
}

struct Writer {
    text: Vec<u8>,
    problems: Refusal,
    steps: Steps,
    /// The containers that are being written, by their addresses.
    open: Vec<usize>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { text: Vec::new(), problems: Refusal(Vec::new()), steps: Steps::default(), open: Vec::new() }
    }
}

impl Writer {
    fn value(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.is_over() {
            return Ok(());
        }
        if let Ok(text) = value.cast::<PyString>() {
            self.string(text);
        } else if value.is_none() {
            self.put("null");
        } else if let Ok(value) = value.cast::<PyBool>() {
            self.put(if value.is_true() { "true" } else { "false" });
        } else if let Ok(value) = value.cast::<PyInt>() {
            self.integer(value)?;
        } else if let Ok(value) = value.cast::<PyFloat>() {
            self.float(value.value());
        } else if let Ok(dict) = value.cast::<PyDict>() {
            self.within(value, |writer| writer.dict(dict))?;
        } else if let Ok(list) = value.cast::<PyList>() {
            self.within(value, |writer| writer.list(list.iter()))?;
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            if value.hasattr("_fields")? {
                self.not_json("a named tuple would lose its names; send its _asdict()");
            } else {
                self.within(value, |writer| writer.list(tuple.iter()))?;
            }
        } else {
            self.known(value)?;
        }
        Ok(())
    }

    fn known(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match Known::of(value)? {
            Some(Known::Decimal) => self.decimal(value)?,
            Some(Known::DateTime) => self.date_time(value)?,
            Some(Known::Date) => self.string(&value.call_method0("isoformat")?.str()?),
            Some(Known::Uuid) => self.string(&value.str()?),
            Some(Known::Numpy) => {
                let inner = value.call_method0("item")?;
                if inner.get_type().is(value.get_type()) {
                    self.not_json(&refusal(value)?);
                } else {
                    self.value(&inner)?;
                }
            }
            None => self.not_json(&refusal(value)?),
        }
        Ok(())
    }

    /// Whether the core will refuse it for its size, or enough problems were found.
    fn is_over(&self) -> bool {
        self.text.len() > MORE_THAN_ENOUGH || self.problems.0.len() >= MAX_PROBLEMS
    }

    fn put(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn problem(&mut self, code: &'static str, message: &str) {
        self.problems.0.push((code, self.steps.pointer(), message.to_owned()));
    }

    fn not_json(&mut self, message: &str) {
        self.problem("not_json", message);
    }

    fn string(&mut self, text: &Bound<'_, PyString>) {
        match text.to_str() {
            Ok(text) => self.quoted(text),
            Err(_) => self.problem("invalid_json", LONE_SURROGATE),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push(b'"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.put(plain);
            match special.as_bytes()[0] {
                byte @ (b'"' | b'\\') => self.text.extend_from_slice(&[b'\\', byte]),
                byte => write!(self.text, "\\u{byte:04x}").expect("a vector takes what is written"),
            }
            rest = &special[1..];
        }
        self.put(rest);
        self.text.push(b'"');
    }

    fn integer(&mut self, value: &Bound<'_, PyInt>) -> PyResult<()> {
        if let Ok(small) = value.extract::<i64>() {
            write!(self.text, "{small}").expect("a vector takes what is written");
            return Ok(());
        }
        let bits: usize = value.call_method0("bit_length")?.extract()?;
        // A digit has less than four bits.
        if bits > 4 * MAX_BODY_BYTES {
            self.text.resize(self.text.len() + MORE_THAN_ENOUGH + 1, b'1');
            return Ok(());
        }
        // Python refuses to write integers of many digits as text, and writes decimals.
        let digits = decimal_type(value.py())?.call1((value,))?.str()?;
        self.put(digits.to_str()?);
        Ok(())
    }

    fn float(&mut self, value: f64) {
        if !value.is_finite() {
            self.not_json("NaN and Infinity have no form in JSON; send None or a string");
        } else if value.fract() == 0.0 && value.abs() >= UNSAFE_INTEGER {
            self.problem(
                "unsafe_integer",
                "a float that is an integer beyond 2^53-1 may have lost digits already; send an int, a Decimal or a string",
            );
        } else {
            write!(self.text, "{value:?}").expect("a vector takes what is written");
        }
    }

    fn decimal(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let digits = value.str()?;
        let digits = digits.to_string_lossy();
        if digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
            self.put(&digits);
        } else {
            self.not_json("a Decimal that is no finite number has no form in JSON; send None or a string");
        }
        Ok(())
    }

    fn date_time(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let offset = value.call_method0("utcoffset")?;
        if offset.is_none() {
            self.not_json(
                "a datetime without a time zone could be any of 24 instants; give it one, such as tzinfo=timezone.utc",
            );
            return Ok(());
        }
        // Offsets of ISO 8601 have no seconds, and those of times long ago have.
        let py = value.py();
        let exact = if offset.rem(minute(py)?)?.is_truthy()? {
            let Ok(moved) = value.call_method1("astimezone", (utc(py)?,)) else {
                self.not_json("a datetime whose UTC time is not in the years 1 to 9999; check it");
                return Ok(());
            };
            moved
        } else {
            value.clone()
        };
        self.string(&exact.call_method0("isoformat")?.str()?);
        Ok(())
    }

    /// Writes what a container has.
    fn within(&mut self, container: &Bound<'_, PyAny>, write: impl FnOnce(&mut Self) -> PyResult<()>) -> PyResult<()> {
        let address = container.as_ptr() as usize;
        if self.open.contains(&address) {
            self.not_json("a cycle: this is inside itself; send its id instead");
            return Ok(());
        }
        if self.open.len() >= DEEP_ENOUGH {
            self.put("null");
            return Ok(());
        }
        self.open.push(address);
        write(self)?;
        self.open.pop();
        Ok(())
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        self.text.push(b'{');
        // A copy of the members: a time zone is code, which could change the dict meanwhile.
        for (index, member) in dict.items().iter().enumerate() {
            if self.is_over() {
                break;
            }
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = member.extract()?;
            let Ok(name) = name.cast::<PyString>() else {
                self.not_json("a key that is no string; the names of JSON are strings");
                continue;
            };
            let Ok(text) = name.to_str() else {
                self.problem("invalid_json", LONE_SURROGATE);
                continue;
            };
            if index > 0 {
                self.text.push(b',');
            }
            self.quoted(text);
            self.text.push(b':');
            self.steps.enter(Step::Name(text.to_owned()));
            self.value(&value)?;
            self.steps.leave();
        }
        self.text.push(b'}');
        Ok(())
    }

    fn list<'py>(&mut self, values: impl Iterator<Item = Bound<'py, PyAny>>) -> PyResult<()> {
        self.text.push(b'[');
        for (index, value) in values.enumerate() {
            if self.is_over() {
                break;
            }
            if index > 0 {
                self.text.push(b',');
            }
            self.steps.enter(Step::Index(index));
            self.value(&value)?;
            self.steps.leave();
        }
        self.text.push(b']');
        Ok(())
    }
}
