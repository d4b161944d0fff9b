//! Where a replay stands, kept in a file.
//!
//! A line that says which replay it is, a line for each event in its order, then a line for each delivery. The plan is
//! written before anything is sent, so an interrupted replay goes on through the same events, whatever arrives
//! meanwhile.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pik_core::{Query, RawKey};
use serde::{Deserialize, Serialize};

use super::Plan;

/// The version of the lines.
const VERSION: u8 = 1;

/// Which replay it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replay {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) query: Query,
}

#[derive(Serialize, Deserialize)]
struct Head {
    journal: u8,
    replay: Replay,
    events: usize,
}

#[derive(Serialize, Deserialize)]
struct Delivered {
    delivered: usize,
}

/// A journal that is open, for us alone.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Writes down a replay that begins.
    pub(crate) fn begin(path: &Path, replay: Replay, plan: &Plan) -> Result<Self> {
        let context = || format!("cannot write the journal `{}`", path.display());
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut file = BufWriter::new(File::create(&part).with_context(context)?);
        let head = Head { journal: VERSION, replay, events: plan.len() };
        writeln!(file, "{}", serde_json::to_string(&head)?)?;
        for key in plan.keys(0, plan.len()) {
            writeln!(file, "{key}")?;
        }
        file.into_inner()?.sync_all().with_context(context)?;
        // A journal is whole or is not there.
        fs::rename(&part, path).with_context(context)?;
        let file = OpenOptions::new().append(true).open(path).with_context(context)?;
        lock(&file, path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Goes on where the journal at `path` ends, if there is one; how many events were delivered before.
    pub(crate) fn resume(path: &Path, replay: &Replay) -> Result<Option<(Self, Plan, usize)>> {
        if !path.exists() {
            return Ok(None);
        }
        let context = || format!("cannot read the journal `{}`", path.display());
        let file = OpenOptions::new().read(true).append(true).open(path).with_context(context)?;
        lock(&file, path)?;
        let mut lines = BufReader::new(&file);
        let mut line = String::new();
        let mut whole = lines.read_line(&mut line).with_context(context)?;
        let head: Head =
            serde_json::from_str(&line).ok().filter(|head: &Head| head.journal == VERSION).with_context(|| {
                format!("`{}` is no journal of a replay; give another file with --journal", path.display())
            })?;
        if head.replay != *replay {
            bail!(
                "`{}` is the journal of another replay, from {} to {}; finish that one, delete the file, or give another \
                 one with --journal",
                path.display(),
                head.replay.from,
                head.replay.to
            );
        }
        let mut keys = Vec::new();
        for _ in 0..head.events {
            line.clear();
            whole += lines.read_line(&mut line).with_context(context)?;
            let key: RawKey = line.trim_end().parse().with_context(context)?;
            keys.push(key);
        }
        let mut delivered = 0;
        loop {
            line.clear();
            let read = lines.read_line(&mut line).with_context(context)?;
            // What was being written when it ended may be cut short.
            if read == 0 || !line.ends_with('\n') {
                break;
            }
            let told: Delivered = serde_json::from_str(&line).with_context(context)?;
            delivered = told.delivered.min(head.events);
            whole += read;
        }
        file.set_len(whole as u64).with_context(context)?;
        let plan = Plan::read_back(keys.into_iter())?;
        Ok(Some((Self { path: path.to_owned(), file }, plan, delivered)))
    }

    /// Notes that so many events, from the first on, need not be sent again.
    pub(crate) fn delivered(&mut self, delivered: usize) -> Result<()> {
        let line = format!("{}\n", serde_json::to_string(&Delivered { delivered })?);
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.with_context(|| format!("cannot write the journal `{}`", self.path.display()))
    }

    /// Ends it: there is nothing left to go on with.
    pub(crate) fn end(self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot delete the journal `{}`", self.path.display()))
    }
}

fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another replay has the journal `{}`; wait for it, or give another file with --journal",
                path.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock the journal `{}`", path.display()))
        }
    }
}
