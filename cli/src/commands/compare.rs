//! `pik compare`: which events never arrived.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use pik_sqlite::{Options, SqliteStore};

use crate::arguments::{DATABASE, EndpointArgs, builder, indexing};
use crate::compare::{Key, compare_lines, compare_stores};
use crate::input::InputArgs;
use crate::investigate::{HostSource, Source, StoreSource};
use crate::progress::{Progress, Unit};
use crate::terminal::tell;

/// Compare a file with a store, or two stores: which events are missing.
///
/// Of files: the missing events go to standard output as they are, one a line, so that `pik compare FILE --url URL | pik
/// send --url URL` sends them; the counts go to standard error. An event that the file repeats is looked for once. It takes
/// some 70 bytes of memory for each event of the file.
///
/// Of two stores, with `--left`: the key of each event that one of them alone has.
///
/// The exit code is 1 if anything is missing, or is no event.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Look for events whose id is not stored by these members, such as source,event_type,entity_id,event_time, and tell how
    /// their payloads differ
    #[arg(long, value_name = "MEMBERS", value_parser = Key::read, conflicts_with = "left")]
    key: Option<Key>,

    /// How far event times may be apart with --key, such as 1s, 500ms or 2m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s", requires = "key")]
    tolerance: Duration,

    /// A store instead of files: the URL of a host, or the folder of a SQLite store
    #[arg(long, value_name = "URL|FOLDER", conflicts_with = "files")]
    left: Option<String>,

    /// The store that it is compared with, instead of the one that --url, --data or --store names
    #[arg(long, value_name = "URL|FOLDER", requires = "left")]
    right: Option<String>,

    /// The bearer token for --left
    #[arg(long, env = "PIK_LEFT_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    left_token: Option<String>,

    /// The bearer token for --right
    #[arg(long, env = "PIK_RIGHT_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    right_token: Option<String>,

    /// Print a line of JSON for each event that is not simply stored
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Some(left) = &args.left else { return of_lines(args) };
    let left = open(left, args.left_token.as_deref())?;
    let right = match &args.right {
        Some(right) => open(right, args.right_token.as_deref())?,
        None => args.endpoint.source()?,
    };
    let progress = Progress::new(Unit::Count("events"), None);
    let (sides, left_out) = compare_stores(left.as_ref(), right.as_ref(), args.json, &progress)?;
    drop(progress);
    for (side, left_out) in ["left", "right"].into_iter().zip(left_out) {
        if let Some(left_out) = left_out {
            tell(format_args!("{side}: {left_out}"));
        }
    }
    tell(format_args!("{} in both, {} only in left, {} only in right", sides.both, sides.left, sides.right));
    Ok(if sides.left + sides.right == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of_lines(args: &Args) -> Result<ExitCode> {
    let source = args.endpoint.source()?;
    let key = args.key.map(|key| (key, args.tolerance));
    let progress = Progress::new(Unit::Bytes, args.input.total_bytes());
    let tally = compare_lines(&mut args.input.reader(), source.as_ref(), key, args.json, &progress)?;
    drop(progress);
    tally.to_string().lines().for_each(|line| tell(format_args!("{line}")));
    Ok(if tally.missing + tally.invalid == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A host by its URL, else the folder of a SQLite store.
fn open(place: &str, token: Option<&str>) -> Result<Box<dyn Source>> {
    if place.contains("://") {
        return Ok(Box::new(HostSource::new(builder(place, token).build()?)));
    }
    let database = Path::new(place).join(DATABASE);
    if !database.is_file() {
        bail!("there is no database `{}`; name the folder of a store, or the URL of a host", database.display());
    }
    Ok(Box::new(StoreSource::new(SqliteStore::open_reporting(database, Options::default(), indexing())?)?))
}

fn duration(text: &str) -> Result<Duration, String> {
    let milliseconds = pik_core::parse_lag(text).ok().and_then(|lag| u64::try_from(lag).ok());
    milliseconds.map(Duration::from_millis).ok_or_else(|| "write a duration such as 500ms, 1s or 2m".to_owned())
}
