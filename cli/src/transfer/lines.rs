//! Standard output, one event a line.

use std::io::Write;

use anyhow::Result;

use super::{Fate, Object, Sink};

/// Writes NDJSON.
pub(crate) struct Lines {
    pub(crate) out: Box<dyn Write + Send>,
}

impl Sink for Lines {
    fn deliver(&mut self, objects: &[Object]) -> Result<Vec<Fate>> {
        for object in objects {
            // In JSON a line end is white space between tokens, and one white space is as good as another: the event
            // and its id are the same.
            let line: Vec<u8> =
                object.raw.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
            self.out.write_all(&line)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()?;
        Ok(vec![Fate::New; objects.len()])
    }
}
