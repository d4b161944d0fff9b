//! Tokens in a file, read again when it changes.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use pik_http::TokenList;

/// How often the file is looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A file of tokens, as [`TokenList`] has them, and the list that it fills.
#[derive(Debug)]
pub struct TokensFile {
    path: PathBuf,
    list: TokenList,
    seen: Mutex<Option<Stamp>>,
}

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        Ok(Self { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }
}

impl TokensFile {
    /// Reads the file; one that cannot be read is an error.
    pub fn open(path: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let path = path.into();
        // Before it is read: what is written meanwhile is seen at the next look.
        let seen = Stamp::of(&path).ok();
        let list = read(&path)?;
        Ok(Self { path, list, seen: Mutex::new(seen) })
    }

    /// The tokens, for the service's configuration. They change as the file does.
    pub fn list(&self) -> TokenList {
        self.list.clone()
    }

    /// Reads the file again if it changed.
    pub(crate) fn look(&self) {
        let now = Stamp::of(&self.path).ok();
        let seen = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        if now != seen {
            self.reread();
        }
    }

    /// Reads the file again. If it cannot be read, the tokens stay as they are: a mistake in the file must not lock all clients out.
    pub(crate) fn reread(&self) {
        match read(&self.path) {
            Ok(list) => {
                self.list.replace(&list);
                tracing::info!(tokens = list.len(), "the tokens were read again");
            }
            Err(error) => tracing::error!(reason = format!("{error:#}"), "the tokens stay as they were"),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<TokenList> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the tokens in `{}`", path.display()))?;
    TokenList::read(&text).with_context(|| format!("`{}` is no list of tokens", path.display()))
}
