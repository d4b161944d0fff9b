//! `pik import`: takes an exported folder back in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use pik_core::{MAX_BODY_BYTES, RawKey};

use crate::investigate::{SourceArgs, genuine};
use crate::output::results;
use crate::remote::Remote;
use crate::stores::Opened;
use crate::transfer::{Host, Met, Object, Progress, Sink, StoreSink, Walk};

/// How many events go in at once.
const BATCH: usize = 500;
/// And how many bytes of them.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Ingest the raw objects of a folder that `pik export` wrote, or of a copy of the bucket.
///
/// A file goes in when its bytes hash to the id in its name and belong where they lie; others are told and left out. To the
/// store it is an ingest like any other: the event keeps its id and bytes, and gets the ingest time of now. Running the same
/// command again adds duplicates and nothing else. Ends with one line of counts on standard output; the exit code is 1 if
/// anything was refused or unusable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that holds `raw`
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    #[command(flatten)]
    target: SourceArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let walk = Walk::new(&args.folder)?;
    let mut sink: Box<dyn Sink> = match &args.target.url {
        Some(url) => Box::new(Host { remote: Remote::new(url, args.target.token.as_deref())? }),
        None => match args.target.open_store()? {
            Opened::Sqlite(store) => Box::new(StoreSink::new(store)?),
            #[cfg(feature = "aws")]
            Opened::Aws(store) => Box::new(StoreSink::new(store)?),
        },
    };
    let mut progress = Progress::new(None, 0);
    let done = take_in(walk, sink.as_mut(), &mut progress);
    let counts = progress.finish();
    let mut out = results();
    writeln!(out, "{counts}")?;
    out.flush()?;
    done?;
    Ok(if counts.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn take_in(walk: Walk, sink: &mut dyn Sink, progress: &mut Progress) -> anyhow::Result<()> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for met in walk {
        let object = match met? {
            Met::Object(key, path) => read(key, &path),
            Met::Stranger(path) => Err(anyhow::anyhow!("`{}` is no raw object by its name", path.display())),
        };
        match object {
            Ok(object) => {
                bytes += object.raw.len();
                batch.push(object);
            }
            Err(why) => progress.unusable(&format!("{why:#}")),
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            deliver(&batch, sink, progress)?;
            batch.clear();
            bytes = 0;
        }
    }
    deliver(&batch, sink, progress)
}

fn deliver(batch: &[Object], sink: &mut dyn Sink, progress: &mut Progress) -> anyhow::Result<()> {
    let fates = sink.deliver(batch)?;
    batch.iter().zip(&fates).for_each(|(object, fate)| progress.note(&object.key, fate));
    Ok(())
}

fn read(key: RawKey, path: &Path) -> anyhow::Result<Object> {
    let context = || format!("cannot read `{}`", path.display());
    if path.metadata().with_context(context)?.len() > MAX_BODY_BYTES as u64 {
        bail!("`{}` is over {MAX_BODY_BYTES} bytes, which no event is", path.display());
    }
    let mut raw = fs::read(path).with_context(context)?;
    let event = genuine(&key, &raw)?;
    // What an editor put behind it is not of the event.
    if event.raw().len() < raw.len() {
        raw = event.raw().to_vec();
    }
    Ok(Object { key, raw })
}
