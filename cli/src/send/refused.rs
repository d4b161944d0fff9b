//! What was refused, kept so that it can be mended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pik_client::Problem;
use serde::Serialize;

use crate::output::Place;

/// An event that was refused.
pub(crate) struct Refusal<'a> {
    pub(crate) place: &'a Place,
    pub(crate) problems: Vec<Problem>,
    /// The event as it was; `None` when it is over the limit for events.
    pub(crate) raw: Option<&'a [u8]>,
}

/// One line of JSON for each event: where it stood, what is wrong, and the event as it was.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: u64,
    errors: &'a [Problem],
    /// The event's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    /// The event's bytes as hexadecimal digits, when they are no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_hex: Option<String>,
}

impl Refusal<'_> {
    /// Writes the event and its problems as a line of JSON.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (raw, raw_hex) = match self.raw.map(|raw| std::str::from_utf8(raw).map_err(|_| raw)) {
            None => (None, None),
            Some(Ok(text)) => (Some(text), None),
            Some(Err(bytes)) => (None, Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())),
        };
        let line = Line { file: &self.place.file, line: self.place.line, errors: &self.problems, raw, raw_hex };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        out.write_all(&text)
    }
}

/// A file that refused events are added to.
pub(crate) struct RefusedFile {
    path: PathBuf,
    file: File,
}

impl RefusedFile {
    /// Opens the file, made if it is missing. What is in it stays.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, refusal: &Refusal<'_>) -> Result<()> {
        refusal.write(&mut self.file).with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}
