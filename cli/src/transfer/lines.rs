//! Standard output, one event a line.

use std::io::{IsTerminal, Write, stdout};

use anyhow::Result;

use super::{Fate, Object, Sink};
use crate::output::results;
use crate::terminal::plain_json;

/// Writes NDJSON.
pub(crate) struct Lines {
    out: Box<dyn Write + Send>,
    is_terminal: bool,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self { out: results(), is_terminal: stdout().is_terminal() }
    }
}

impl Sink for Lines {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        for object in objects {
            // In JSON a line end is white space between tokens, and one white space is as good as another: the event
            // and its id are the same.
            let line: Vec<u8> =
                object.raw().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
            if self.is_terminal {
                self.out.write_all(plain_json(&String::from_utf8_lossy(&line)).as_bytes())?;
            } else {
                self.out.write_all(&line)?;
            }
            self.out.write_all(b"\n")?;
        }
        self.out.flush()?;
        (0..objects.len()).for_each(|place| note(place, Fate::New));
        Ok(())
    }
}
