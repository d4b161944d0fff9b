//! Tokens in a file, read again when it changes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pik_http::TokenList;

use crate::watched::{Stamps, Watched};

/// A file of tokens, as [`TokenList`] has them, and the list that it fills.
#[derive(Debug)]
pub struct TokensFile {
    path: PathBuf,
    list: TokenList,
    seen: Stamps<1>,
}

impl TokensFile {
    /// Reads the file; one that cannot be read is an error.
    pub fn open(path: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let path = path.into();
        // Before it is read: what is written meanwhile is seen at the next look.
        let seen = Stamps::of([&path]);
        let list = read(&path)?;
        Ok(Self { path, list, seen })
    }

    /// The tokens, for the service's configuration. They change as the file does.
    pub fn list(&self) -> TokenList {
        self.list.clone()
    }
}

impl Watched for TokensFile {
    fn changed(&self) -> bool {
        self.seen.changed([&self.path])
    }

    fn check(&self) -> anyhow::Result<()> {
        read(&self.path).map(drop)
    }

    /// If it cannot be read, the tokens stay as they are: a mistake in the file must not lock all clients out.
    fn reread(&self) {
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
