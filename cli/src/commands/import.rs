//! `pik import`: takes an exported folder back in.

use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::{Endpoint, EndpointArgs, Opened};
use crate::progress::{Progress, Unit};
#[cfg(feature = "aws")]
use crate::transfer::Listing;
use crate::transfer::{HostSink, Met, Object, Report, Sink, StoreSink, Target, Walk};

/// How many events go in at once.
const BATCH: usize = 500;
/// And how many bytes of them.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Ingest the raw objects of a folder or bucket that `pik export` wrote, or of a copy of the bucket.
///
/// An object goes in if its bytes hash to the id in its name and belong where they lie. Others are listed and left out, and
/// so are links and what is no regular file. It is an ingest like any other: the event keeps its id and bytes, and its
/// ingest time is now. The same command again adds duplicates and nothing else. The last line on standard output has the
/// counts. The exit code is 1 if anything was refused or unusable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that holds `raw`; or s3://BUCKET/PREFIX, in builds with the feature `aws`
    #[arg(value_name = "FOLDER|s3://…")]
    folder: String,

    #[command(flatten)]
    to: EndpointArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let walk = from(&args.folder)?;
    let mut sink: Box<dyn Sink> = match args.to.open()? {
        Endpoint::Host(client) => Box::new(HostSink { client }),
        Endpoint::Store(Opened::Sqlite(store)) => Box::new(StoreSink::new(store)?),
        #[cfg(feature = "aws")]
        Endpoint::Store(Opened::Aws(store)) => Box::new(StoreSink::new(*store)?),
    };
    let mut report = Report::new(Progress::new(Unit::Count("events"), None));
    let done = take_in(walk, sink.as_mut(), &mut report);
    report.report(done)
}

/// What is there, in the order of its keys.
fn from(folder: &str) -> anyhow::Result<Box<dyn Iterator<Item = anyhow::Result<Met>>>> {
    match Target::read(folder)? {
        Target::Folder(folder) => Ok(Box::new(Walk::new(&folder)?)),
        #[cfg(feature = "aws")]
        Target::Bucket(url) => Ok(Box::new(Listing::new(&url)?)),
        #[cfg(not(feature = "aws"))]
        Target::Bucket(url) => bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
        Target::Queue(_) => bail!("messages of a queue are taken by what subscribes to it; name a folder or a bucket"),
    }
}

fn take_in(
    walk: impl Iterator<Item = anyhow::Result<Met>>,
    sink: &mut dyn Sink,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for met in walk {
        match met? {
            Met::Object(object) => {
                bytes += object.raw().len();
                batch.push(object);
            }
            Met::Unusable(why) => report.unusable(&why),
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            deliver(&batch, sink, report)?;
            batch.clear();
            bytes = 0;
        }
    }
    deliver(&batch, sink, report)
}

fn deliver(batch: &[Object], sink: &mut dyn Sink, report: &mut Report) -> anyhow::Result<()> {
    sink.deliver(batch, &mut |place, fate| report.note(&batch[place].key, &fate))
}
