//! Where answers come from: a host over HTTP, or a store that is opened here.

use anyhow::{Context, Result, bail};
use pik_core::{Bucket, EventId, Query, RawKey, Record, StatsQuery};
use pik_sqlite::OpenError;

use super::http_source::HttpSource;
use super::store_source::StoreSource;
use crate::remote::Remote;
use crate::stores::{Opened, StoreArgs};

/// Whom to ask.
#[derive(clap::Args)]
pub(crate) struct SourceArgs {
    /// Ask a host, such as http://127.0.0.1:8080, instead of opening a store
    #[arg(long, env = "PIK_URL", value_name = "URL", conflicts_with_all = ["data", "kind"])]
    pub(crate) url: Option<String>,

    /// The host's bearer token. Better set in the environment, where other users of the machine cannot read it
    #[arg(long, env = "PIK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Some of what was asked for.
pub(crate) struct Found<T> {
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub(crate) next: Option<String>,
}

/// Whoever answers.
pub(crate) trait Source {
    /// At most `limit` records, in the order of the query, behind `after`.
    fn records(&self, query: &Query, after: Option<&str>, limit: usize) -> Result<Found<Record>>;

    /// The first occurrence's record, once it is ACCEPTED.
    fn find(&self, id: &EventId) -> Result<Option<Record>>;

    /// Every bucket of the query.
    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>>;

    /// A page of the keys of all raw objects.
    fn keys(&self, after: Option<&str>) -> Result<Found<RawKey>>;

    /// The bytes of raw objects, one for each key, in order; `None` where there is none.
    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>>;
}

impl SourceArgs {
    /// Gets ready to ask.
    pub(crate) fn open(&self) -> Result<Box<dyn Source>> {
        if let Some(url) = &self.url {
            return Ok(Box::new(HttpSource::new(Remote::new(url, self.token.as_deref())?)));
        }
        let database = self.store.database();
        // Opening would make an empty one, in which nothing ever arrived.
        if self.store.is_sqlite() && !database.is_file() {
            bail!("there is no database `{}`; name its folder with --data, or a host with --url", database.display());
        }
        Ok(match self.open_store()? {
            Opened::Sqlite(store) => Box::new(StoreSource::new(store)?),
            #[cfg(feature = "aws")]
            Opened::Aws(store) => Box::new(StoreSource::new(*store)?),
        })
    }

    /// What is asked, for journals.
    pub(crate) fn name(&self) -> String {
        self.url.clone().unwrap_or_else(|| self.store.name())
    }

    /// Opens the store, made if it is missing.
    pub(crate) fn open_store(&self) -> Result<Opened> {
        self.store.open().map_err(|error| match error.downcast_ref::<OpenError>() {
            // Keys of the latest events are in that process's memory alone, so looking past it would miss them.
            Some(OpenError::Locked(_)) => error.context("a server has the database; ask that server with --url"),
            Some(
                OpenError::Folder(..)
                | OpenError::Missing(_)
                | OpenError::Read(_)
                | OpenError::NotOurs(_)
                | OpenError::Newer { .. }
                | OpenError::LogWithoutDatabase { .. }
                | OpenError::LogMissing { .. }
                | OpenError::ForeignLog { .. }
                | OpenError::Database(..)
                | OpenError::Thread(_),
            )
            | None => error,
        })
    }
}

/// A whole answer, page after page.
pub(crate) fn each_page<T>(
    mut page: impl FnMut(Option<&str>) -> Result<Found<T>>,
    mut take: impl FnMut(Vec<T>) -> Result<()>,
) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let found = page(after.as_deref())?;
        take(found.items)?;
        match found.next {
            None => return Ok(()),
            Some(next) if after.as_ref() == Some(&next) => {
                return Err(anyhow::anyhow!("{next}"))
                    .context("a page leads back to itself; this is a defect of the host");
            }
            Some(next) => after = Some(next),
        }
    }
}
