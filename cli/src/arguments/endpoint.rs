//! A host over HTTP, or a store that is opened here.

use anyhow::{Result, bail};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use pik_client::Client;
use pik_sqlite::OpenError;

use super::host::builder;
use super::store::{Opened, StoreArgs};
use crate::investigate::{HostSource, Source, StoreSource};

/// Options as they stand on the command line and in the environment.
#[derive(clap::Args)]
struct Options {
    /// A host, such as http://127.0.0.1:8080, instead of a store
    #[arg(long, env = "PIK_URL", value_name = "URL")]
    url: Option<String>,

    /// The host's bearer token. Set it in the environment: other users of the machine can read a command line
    #[arg(long, env = "PIK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,

    #[command(flatten)]
    store: StoreArgs,
}

/// A host or a store, one of them.
pub(crate) enum EndpointArgs {
    Host { url: String, token: Option<String> },
    Store(Box<StoreArgs>),
}

/// What says that a store is meant: the option, and its variable.
const STORE: [(&str, &str, &str); 2] = [("data", "--data", "PIK_DATA"), ("kind", "--store", "PIK_STORE")];

impl Args for EndpointArgs {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

impl FromArgMatches for EndpointArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Options { url, token, store } = Options::from_arg_matches(matches)?;
        Ok(match url {
            Some(url) if !is_store(matches)? => Self::Host { url, token },
            Some(_) | None => Self::Store(Box::new(store)),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Whether the store is meant although a URL is given. A flag beats a variable; two of a kind are a conflict.
fn is_store(matches: &ArgMatches) -> Result<bool, clap::Error> {
    let of = |wanted: ValueSource| STORE.into_iter().find(|(id, ..)| matches.value_source(id) == Some(wanted));
    let url = matches.value_source("url");
    let conflict = |what: String| Err(clap::Error::raw(ErrorKind::ArgumentConflict, what));
    match (url, of(ValueSource::CommandLine), of(ValueSource::EnvVariable)) {
        (Some(ValueSource::CommandLine), Some((_, option, _)), _) => {
            conflict(format!("--url names a host and {option} a store; give one of them\n"))
        }
        (Some(ValueSource::CommandLine), None, _) => Ok(false),
        (_, Some(_), _) => Ok(true),
        (Some(ValueSource::EnvVariable), None, Some((_, option, variable))) => conflict(format!(
            "PIK_URL names a host and {variable} a store; give --url or {option}, or unset one of the variables\n"
        )),
        (_, None, _) => Ok(false),
    }
}

impl EndpointArgs {
    /// Gets ready to ask.
    pub(crate) fn source(&self) -> Result<Box<dyn Source>> {
        let store = match self {
            Self::Host { url, token } => {
                return Ok(Box::new(HostSource::new(builder(url, token.as_deref()).build()?)));
            }
            Self::Store(store) => store,
        };
        Ok(match existing(store)? {
            Opened::Sqlite(store) => Box::new(StoreSource::new(store)?),
            #[cfg(feature = "aws")]
            Opened::Aws(store) => Box::new(StoreSource::new(*store)?),
        })
    }

    /// Gets ready to ingest: a host, or a store, made if it is missing.
    pub(crate) fn open(&self) -> Result<Endpoint> {
        match self {
            Self::Host { url, token } => Ok(Endpoint::Host(builder(url, token.as_deref()).build()?)),
            Self::Store(store) => Ok(Endpoint::Store(open(store)?)),
        }
    }

    /// What is asked, for journals.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Host { url, .. } => url.clone(),
            Self::Store(store) => store.name(),
        }
    }
}

/// A host, or a store that was opened.
pub(crate) enum Endpoint {
    Host(Client),
    Store(Opened),
}

/// Opens a store that is there: to open one that is not would make an empty one, in which nothing ever arrived.
pub(crate) fn existing(store: &StoreArgs) -> Result<Opened> {
    let database = store.database();
    if store.is_sqlite() && !database.is_file() {
        bail!("there is no database `{}`; name its folder with --data, or a host with --url", database.display());
    }
    open(store)
}

fn open(store: &StoreArgs) -> Result<Opened> {
    store.open().map_err(|error| {
        // Keys of the latest events are in that process's memory alone, so looking past it would miss them.
        if let Some(OpenError::Locked(_)) = error.downcast_ref() {
            return error.context("a server has the database; ask that server with --url");
        }
        error
    })
}
