//! Goes through the events of all files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use pik_core::{Code, MAX_BODY_BYTES, Problem, Rejection};

use super::Format;
use super::array::ArrayWalk;
use super::found::Found;
use super::lines::{read_line, read_rest};
use super::shape::{self, Shape};
use super::text::{Text, is_blank};
use crate::output::Place;

/// One event of the input, not yet parsed.
pub(crate) struct Item<'a> {
    pub(crate) place: Place,
    /// What was read of it, and its line end.
    pub(crate) bytes_read: u64,
    body: Result<&'a [u8], Rejection>,
}

impl<'a> Item<'a> {
    /// The body, unless it is over the contract's limit or the file holds no events.
    pub(crate) fn body(&self) -> Result<&'a [u8], Rejection> {
        self.body.clone()
    }
}

/// Goes through the events of all files.
pub(crate) struct Reader {
    /// The next one last.
    files: Vec<PathBuf>,
    format: Format,
    open: Option<Open>,
    buffer: Vec<u8>,
}

struct Open {
    name: Arc<str>,
    text: Text,
    walk: Walk,
}

/// How to go on.
enum Walk {
    Unknown(Format),
    Lines,
    OneEvent,
    Array(ArrayWalk),
    Ended,
}

impl Reader {
    pub(super) fn new(mut files: Vec<PathBuf>, format: Format) -> Self {
        files.reverse();
        Self { files, format, open: None, buffer: Vec::new() }
    }

    /// The next event, `None` at the end.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Item<'_>>> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(path) = self.files.pop() else { return Ok(None) };
                self.open = Some(Open::file(&path, self.format)?);
                continue;
            };
            self.buffer.clear();
            let found = open.read(&mut self.buffer).with_context(|| format!("cannot read `{}`", open.name))?;
            let Some(found) = found else {
                self.open = None;
                continue;
            };
            return Ok(Some(Item {
                place: Place { file: Arc::clone(&open.name), line: found.line },
                bytes_read: found.bytes_read,
                body: match found.problem {
                    Some(problem) => Err(Rejection::of(Problem::of_body(Code::InvalidJson, problem))),
                    None if !found.fits => Err(Rejection::too_large(MAX_BODY_BYTES)),
                    None => Ok(&self.buffer),
                },
            }));
        }
    }
}

impl Open {
    fn file(path: &Path, format: Format) -> anyhow::Result<Self> {
        let (name, source): (String, Box<dyn Read + Send>) = if path == Path::new("-") {
            ("-".into(), Box::new(io::stdin()))
        } else {
            if path.is_dir() {
                bail!("`{}` is a folder; name the files in it", path.display());
            }
            let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
            (path.display().to_string(), Box::new(file))
        };
        Ok(Self { name: name.into(), text: Text::new(source), walk: Walk::Unknown(format) })
    }

    fn read(&mut self, body: &mut Vec<u8>) -> io::Result<Option<Found>> {
        if let Walk::Unknown(format) = self.walk {
            match self.shape(format)? {
                Shape::Lines | Shape::Header => self.walk = Walk::Lines,
                Shape::OneEvent | Shape::Cut => self.walk = Walk::OneEvent,
                Shape::Array => self.walk = Walk::Array(ArrayWalk::Before),
                Shape::Other(message) => {
                    self.walk = Walk::Ended;
                    // The rest is read all the same: what writes into a pipe is not to break.
                    let bytes_read = read_rest(&mut self.text, &mut Vec::new(), MAX_BODY_BYTES)?.bytes_read;
                    return Ok(Some(Found { bytes_read, problem: Some(message), ..Found::at(1, MAX_BODY_BYTES) }));
                }
            }
        }
        match &mut self.walk {
            Walk::Unknown(_) => unreachable!("the walk was chosen above"),
            Walk::Ended => Ok(None),
            Walk::Array(walk) => walk.read(&mut self.text, body, MAX_BODY_BYTES),
            Walk::OneEvent => {
                self.walk = Walk::Ended;
                // Blank lines before an event are not of it: its line is where it begins.
                let before = skip_blank_lines(&mut self.text)?;
                let found = read_rest(&mut self.text, body, MAX_BODY_BYTES)?;
                Ok(Some(Found { bytes_read: found.bytes_read + before, ..found }))
            }
            Walk::Lines => loop {
                let Some(found) = read_line(&mut self.text, body, MAX_BODY_BYTES)? else { return Ok(None) };
                if !found.fits || !is_blank(body) {
                    return Ok(Some(found));
                }
                body.clear();
            },
        }
    }

    fn shape(&mut self, format: Format) -> io::Result<Shape> {
        match format {
            Format::Ndjson => Ok(Shape::Lines),
            Format::Event => Ok(Shape::OneEvent),
            Format::Array => Ok(Shape::Array),
            Format::Auto => {
                let beginning = self.text.look_ahead_line(MAX_BODY_BYTES + 1)?;
                let is_one_long_line = beginning.len() > MAX_BODY_BYTES && !beginning.contains(&b'\n');
                match shape::of_beginning(beginning) {
                    // A line that is too long says nothing about the lines behind it.
                    Shape::Cut if is_one_long_line => Ok(Shape::Lines),
                    Shape::Header => Ok(shape::of_header(self.text.look_ahead(MAX_BODY_BYTES)?)),
                    Shape::Cut => Ok(shape::of_cut(self.text.look_ahead(2 * MAX_BODY_BYTES)?)),
                    shape => Ok(shape),
                }
            }
        }
    }
}

fn skip_blank_lines(text: &mut Text) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let piece = text.piece()?;
        let end = piece.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        match end {
            Some(end) if is_blank(&piece[..end]) => {
                text.take(end)?;
                skipped += end as u64;
            }
            Some(_) | None => return Ok(skipped),
        }
    }
}
