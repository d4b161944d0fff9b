//! Events in files and on standard input, read one at a time in constant memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use pik_core::{MAX_BODY_BYTES, Rejection};
use serde::de::IgnoredAny;

use crate::output::Place;

/// Which files to read, and what is in them.
#[derive(clap::Args)]
pub(crate) struct InputArgs {
    /// Files to read; `-`, or none at all, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What a file holds
    #[arg(
        long,
        value_enum,
        default_value_t = Format::Auto,
        long_help = "What a file holds.\n\
            auto: one event spread over lines if the first line that is not blank ends in the middle of a JSON value \
            (as `{` alone does), else NDJSON"
    )]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Told apart by the first line
    Auto,
    /// One event a line; blank lines are skipped
    Ndjson,
    /// The whole file is one event
    Event,
}

impl InputArgs {
    /// Starts reading, the files in the order given.
    pub(crate) fn reader(&self) -> Reader {
        let mut files = self.files.clone();
        if files.is_empty() {
            files.push(PathBuf::from("-"));
        }
        files.reverse();
        Reader { files, format: self.format, open: None, buffer: Vec::new() }
    }

    /// The size of all files together; `None` when one of them has no size known beforehand.
    pub(crate) fn total_bytes(&self) -> Option<u64> {
        let regular = |path: &PathBuf| path.metadata().ok().filter(|found| found.is_file()).map(|found| found.len());
        if self.files.is_empty() { None } else { self.files.iter().map(regular).sum() }
    }
}

/// One event of the input, not yet parsed.
pub(crate) struct Item<'a> {
    pub(crate) place: Place,
    /// What was read of it, and its line end.
    pub(crate) bytes_read: u64,
    body: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    /// The body, unless it is over the contract's limit.
    pub(crate) fn body(&self) -> Result<&'a [u8], Rejection> {
        self.body.ok_or_else(|| Rejection::too_large(MAX_BODY_BYTES))
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
    lines: Lines,
    format: Format,
}

impl Reader {
    /// The next event, `None` at the end.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Item<'_>>> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(path) = self.files.pop() else { return Ok(None) };
                self.open = Some(Open::file(&path, self.format)?);
                continue;
            };
            self.buffer.clear();
            let found = open.read(&mut self.buffer).with_context(|| format!("cannot read {}", open.name))?;
            let Some(found) = found else {
                self.open = None;
                continue;
            };
            return Ok(Some(Item {
                place: Place { file: Arc::clone(&open.name), line: found.line },
                bytes_read: found.bytes_read,
                body: found.fits.then_some(self.buffer.as_slice()),
            }));
        }
    }
}

/// What [`Open::read`] put into the buffer.
struct Found {
    line: u64,
    bytes_read: u64,
    fits: bool,
}

impl Open {
    fn file(path: &Path, format: Format) -> anyhow::Result<Self> {
        let (name, source): (String, Box<dyn Read>) = if path == Path::new("-") {
            ("-".into(), Box::new(io::stdin()))
        } else {
            let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
            (path.display().to_string(), Box::new(file))
        };
        Ok(Self { name: name.into(), lines: Lines::new(source), format })
    }

    fn read(&mut self, body: &mut Vec<u8>) -> io::Result<Option<Found>> {
        if self.format == Format::Event {
            return self.read_whole(body);
        }
        loop {
            let Some(found) = self.lines.read(body)? else { return Ok(None) };
            if found.fits && is_blank(body) {
                body.clear();
                continue;
            }
            if self.format == Format::Auto {
                if found.fits && ends_inside_a_value(body) {
                    self.format = Format::Event;
                    body.push(b'\n');
                    return self.read_rest(found, body).map(Some);
                }
                self.format = Format::Ndjson;
            }
            return Ok(Some(found));
        }
    }

    fn read_whole(&mut self, body: &mut Vec<u8>) -> io::Result<Option<Found>> {
        let nothing_yet = Found { line: self.lines.line + 1, bytes_read: 0, fits: true };
        let found = self.read_rest(nothing_yet, body)?;
        // An empty file is an event that is missing; the end after one is the end.
        Ok((found.bytes_read > 0 || found.line == 1).then_some(found))
    }

    fn read_rest(&mut self, first: Found, body: &mut Vec<u8>) -> io::Result<Found> {
        let mut found = first;
        self.lines.line = found.line;
        let limit = (MAX_BODY_BYTES + 1).saturating_sub(body.len());
        found.bytes_read += self.lines.source.by_ref().take(limit as u64).read_to_end(body)? as u64;
        found.fits = body.len() <= MAX_BODY_BYTES;
        if !found.fits {
            found.bytes_read += io::copy(&mut self.lines.source, &mut io::sink())?;
        }
        Ok(found)
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// A first line such as `{`, after which the event goes on. A line that is broken by itself is a bad line of NDJSON.
fn ends_inside_a_value(line: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

/// Lines of a bounded length.
struct Lines {
    source: BufReader<Box<dyn Read>>,
    line: u64,
}

impl Lines {
    fn new(source: Box<dyn Read>) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, source), line: 0 }
    }

    /// Appends the next line, without its end. Of a line over the limit nothing is kept.
    fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Found>> {
        let mut bytes_read = 0;
        let mut fits = true;
        loop {
            let piece = self.source.fill_buf()?;
            if piece.is_empty() && bytes_read == 0 {
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', piece);
            let kept = &piece[..end.unwrap_or(piece.len())];
            fits = fits && line.len() + kept.len() <= MAX_BODY_BYTES;
            if fits {
                line.extend_from_slice(kept);
            }
            let used = end.map_or(piece.len(), |at| at + 1);
            let is_last = end.is_some() || piece.is_empty();
            self.source.consume(used);
            bytes_read += used as u64;
            if is_last {
                self.line += 1;
                return Ok(Some(Found { line: self.line, bytes_read, fits }));
            }
        }
    }
}
