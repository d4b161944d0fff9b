//! A file beside a store.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::time::Duration;

use anyhow::{Context, Result};
use pik_core::{Event, EventId};
use serde::{Deserialize, Serialize};

use super::difference::Difference;
use super::keyed::{Finder, Key};
use super::tally::Tally;
use crate::input::Reader;
use crate::investigate::Source;
use crate::output::Place;
use crate::progress::Progress;

/// How many events are looked up at once: neighbours in a store's index are then read together.
const AT_ONCE: usize = 50_000;
/// The most bytes of events that wait for that.
const BYTES: usize = 16 << 20;

/// An event of the file that is not known to be stored.
#[derive(Serialize, Deserialize)]
struct Open {
    file: String,
    line: u64,
    event_id: EventId,
    /// In one line.
    raw: String,
}

/// What became of one event, as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    status: &'static str,
    file: &'a str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_event_id: Option<&'a EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<&'a [Difference]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

/// Compares the events that `reader` gives with those of `source`. Writes the missing ones to standard output as they are,
/// one a line; or as `json` says, a line for each that is not simply stored.
pub(crate) fn compare_lines(
    reader: &mut Reader,
    source: &dyn Source,
    key: Option<(Key, Duration)>,
    json: bool,
    progress: &Progress,
) -> Result<Tally> {
    let out = progress.results();
    let mut comparison =
        Comparison { source, json, out, tally: Tally::default(), seen: HashSet::new(), waiting: Vec::new(), bytes: 0 };
    let mut left = match key {
        Some(_) => Left::Kept(BufWriter::new(tempfile::tempfile().context("cannot make a temporary file")?)),
        None => Left::Missing,
    };
    while let Some(item) = reader.next()? {
        progress.advance(item.bytes_read);
        comparison.take(&item.place, item.body())?;
        if comparison.waiting.len() >= AT_ONCE || comparison.bytes >= BYTES {
            comparison.look_up(&mut left)?;
        }
    }
    comparison.look_up(&mut left)?;
    if let (Some((key, tolerance)), Left::Kept(kept)) = (key, left) {
        // Only now is it known which stored events the file has as they are.
        let mut finder = Finder::new(source, key, tolerance, std::mem::take(&mut comparison.seen));
        let mut kept = kept.into_inner().map_err(io::IntoInnerError::into_error)?;
        kept.rewind()?;
        for line in BufReader::new(kept).lines() {
            comparison.find(&serde_json::from_str(&line?)?, &mut finder)?;
        }
    }
    comparison.out.flush()?;
    Ok(comparison.tally)
}

/// What to do with an event whose id is not stored.
enum Left {
    Missing,
    /// Look for it by its members, in the end.
    Kept(BufWriter<File>),
}

struct Comparison<'c> {
    source: &'c dyn Source,
    json: bool,
    out: Box<dyn Write>,
    tally: Tally,
    /// The ids of all events so far.
    seen: HashSet<EventId>,
    waiting: Vec<Open>,
    bytes: usize,
}

impl Comparison<'_> {
    fn take(&mut self, place: &Place, body: Result<&[u8], pik_core::Rejection>) -> Result<()> {
        let event = match body.and_then(Event::parse) {
            Ok(event) => event,
            Err(rejection) => {
                self.tally.invalid += 1;
                self.tally.codes.note(rejection.problems().iter().map(|problem| problem.code.as_str()));
                return self.tell("invalid", place, None);
            }
        };
        let event_id = *event.id();
        if !self.seen.insert(event_id) {
            self.tally.repeated += 1;
            return self.tell("repeated", place, Some(&event_id));
        }
        self.bytes += event.raw().len();
        // Line ends stand between the parts of an event, never within them.
        let raw = std::str::from_utf8(event.raw()).expect("an event is UTF-8").replace(['\n', '\r'], " ");
        self.waiting.push(Open { file: place.file.to_string(), line: place.line, event_id, raw });
        Ok(())
    }

    fn look_up(&mut self, left: &mut Left) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let ids: Vec<EventId> = waiting.iter().map(|open| open.event_id).collect();
        let found = self.source.lookup(&ids)?;
        for (open, record) in waiting.iter().zip(found) {
            match (record, &mut *left) {
                (Some(_), _) => self.tally.stored += 1,
                (None, Left::Missing) => self.missing(open)?,
                (None, Left::Kept(kept)) => {
                    serde_json::to_writer(&mut *kept, open)?;
                    kept.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }

    fn find(&mut self, open: &Open, finder: &mut Finder<'_>) -> Result<()> {
        let event = Event::parse(open.raw.as_bytes()).expect("it was an event when it was kept");
        let Some((stored, differences)) = finder.find(&event)? else { return self.missing(open) };
        self.tally.note(&differences);
        if !self.json {
            return Ok(());
        }
        let Open { file, line, event_id, raw } = open;
        self.line(&Line {
            status: "differs",
            file,
            line: *line,
            event_id: Some(event_id),
            stored_event_id: Some(&stored),
            differences: Some(&differences),
            raw: Some(raw),
        })
    }

    fn missing(&mut self, open: &Open) -> Result<()> {
        self.tally.missing += 1;
        let Open { file, line, event_id, raw } = open;
        if self.json {
            let (event_id, raw) = (Some(event_id), Some(&**raw));
            let line = *line;
            return self.line(&Line {
                status: "missing",
                file,
                line,
                event_id,
                stored_event_id: None,
                differences: None,
                raw,
            });
        }
        Ok(writeln!(self.out, "{raw}")?)
    }

    fn tell(&mut self, status: &'static str, place: &Place, event_id: Option<&EventId>) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let Place { file, line } = place;
        self.line(&Line { status, file, line: *line, event_id, stored_event_id: None, differences: None, raw: None })
    }

    fn line(&mut self, line: &Line<'_>) -> Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        Ok(self.out.write_all(b"\n")?)
    }
}
