//! Where a replay stands, kept in a file.
//!
//! A line that says which replay it is, a line for each event in its order, then a line for each delivery. The plan is
//! written before anything is sent, so an interrupted replay goes on through the same events, whatever arrives
//! meanwhile. A plan that was cut short is made anew.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pik_core::{Query, RawKey};
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::investigate::LeftOut;

/// The version of the lines.
const VERSION: u8 = 1;
/// What every journal begins with.
const BEGINNING: &str = "{\"journal\":";

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
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

/// What a journal that is open for us alone says.
pub(crate) enum Begun {
    /// Nothing yet: the plan is to be made and written down.
    New(Journal),
    /// A plan, and how many of its events were delivered.
    Old(Journal, Plan, usize),
}

impl Journal {
    /// Opens and locks the journal at `path`, made if it is missing. The lock comes before the plan, so two replays with
    /// one journal never both plan.
    pub(crate) fn open(path: &Path, replay: &Replay) -> Result<Begun> {
        let context = || format!("cannot open the journal `{}`", path.display());
        loop {
            let file = OpenOptions::new().read(true).append(true).create(true).open(path).with_context(context)?;
            lock(&file, path)?;
            let opened = file.metadata().with_context(context)?;
            if !opened.is_file() {
                bail!("`{}` is no regular file; give another one with --journal", path.display());
            }
            // Another replay may have ended and deleted it between our opening and our lock.
            let is_there =
                path.metadata().is_ok_and(|there| (there.dev(), there.ino()) == (opened.dev(), opened.ino()));
            if is_there {
                return Self { path: path.to_owned(), file }.resume(replay);
            }
        }
    }

    /// Writes down the plan of a replay that begins.
    pub(crate) fn plan(&mut self, replay: Replay, plan: &Plan) -> Result<()> {
        let mut text = BufWriter::new(&self.file);
        let head = Head { journal: VERSION, replay, events: plan.len(), left_out: plan.left_out };
        let mut write = || {
            writeln!(text, "{}", serde_json::to_string(&head)?)?;
            for key in plan.keys(0, plan.len()) {
                writeln!(text, "{key}")?;
            }
            text.flush()?;
            self.file.sync_all()
        };
        write().with_context(|| format!("cannot write the journal `{}`", self.path.display()))
    }

    fn resume(self, replay: &Replay) -> Result<Begun> {
        let path = &self.path;
        let context = || format!("cannot read the journal `{}`", path.display());
        let mut lines = BufReader::new(&self.file);
        let mut line = String::new();
        let mut whole = lines.read_line(&mut line).with_context(context)?;
        // Nothing was sent before the plan was whole, so what was being planned is planned anew.
        let is_cut = !line.ends_with('\n') && (line.starts_with(BEGINNING) || BEGINNING.starts_with(&*line));
        if is_cut {
            self.file.set_len(0).with_context(context)?;
            return Ok(Begun::New(self));
        }
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
            if !line.ends_with('\n') {
                self.file.set_len(0).with_context(context)?;
                return Ok(Begun::New(self));
            }
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
        self.file.set_len(whole as u64).with_context(context)?;
        let plan = Plan::read_back(keys.into_iter(), head.left_out)?;
        Ok(Begun::Old(self, plan, delivered))
    }

    /// Notes that the first `delivered` events need not be sent again.
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
