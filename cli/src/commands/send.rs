//! `pik send`: events from files to a host.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pik_client::{Backoff, Envelope, Problem};

use crate::arguments::{HostArgs, builder};
use crate::input::{InputArgs, Reader};
use crate::output::results;
use crate::send::{Batch, Batcher, Delivery, Patience, Refusal, RefusedFile, Report};
use crate::terminal::tell;

/// Send events to a host in batches, and try again what may be tried again.
///
/// Each event is checked first, as `pik check` does. Ends with one line of counts on standard output. Rejected and failed
/// events are listed on standard error with their lines. An event that was stored before counts as a duplicate, so running
/// the same command again sends what is missing and harms nothing. The exit code is 1 if any event was rejected or failed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    host: HostArgs,

    /// Have the host validate and look up the events, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// The most events of a request; a request is also at most 4 MiB
    #[arg(long, value_name = "COUNT", default_value = "500")]
    batch_size: NonZeroUsize,

    /// Requests under way at once
    #[arg(long, value_name = "COUNT", default_value = "4")]
    concurrency: NonZeroUsize,

    /// How often to try a request again. Waits double up to 30 s, with jitter; a host's Retry-After is kept up to 120 s
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    retries: u32,

    /// Add each rejected event to this file: a line of JSON with file, line, errors, and the event as it was in `raw`
    #[arg(long, value_name = "FILE")]
    rejected_to: Option<PathBuf>,

    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let given_up = Arc::new(AtomicBool::new(false));
    let client = builder(&args.host.url, args.host.token.as_deref())
        .dry_run(args.dry_run)
        .max_events(args.batch_size.get())
        .backoff(Backoff { retries: args.retries, ..Backoff::default() })
        .timer(Arc::new(Patience { given_up: Arc::clone(&given_up) }))
        .build()?;
    let refused = args.rejected_to.as_deref().map(RefusedFile::open).transpose()?;
    let report = Report::new(args.input.total_bytes(), refused);
    let delivery = Delivery { client: &client, report: &report, given_up: &given_up };
    // As much as is under way may wait besides; what is read beyond that waits in its file.
    let (batches, waiting) = sync_channel(args.concurrency.get());
    let waiting = Mutex::new(waiting);
    let read = thread::scope(|scope| {
        for _ in 0..args.concurrency.get() {
            scope.spawn(|| work(&waiting, &delivery));
        }
        let read = read(&mut args.input.reader(), args.batch_size.get(), &batches, &delivery);
        // The end of the channel is the end of the threads.
        drop(batches);
        read
    });
    let reported = report.finish();
    let counts = reported.counts;
    let mut out = results();
    writeln!(out, "{counts}")?;
    out.flush()?;
    if !reported.summary.is_empty() {
        tell(format_args!("rejected: {}", reported.summary));
    }
    read?;
    if let Some(error) = reported.not_kept {
        return Err(error.context("not every rejected event was kept"));
    }
    let incomplete = given_up.load(Ordering::Relaxed);
    if incomplete {
        tell("pik: not everything was sent; run the same command again when the host takes it");
    }
    let all_stored = counts.rejected == 0 && counts.failed == 0 && !incomplete;
    Ok(if all_stored { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(
    reader: &mut Reader,
    batch_size: usize,
    batches: &SyncSender<Batch>,
    delivery: &Delivery<'_>,
) -> anyhow::Result<()> {
    let mut batcher = Batcher::new(batch_size);
    while !delivery.given_up.load(Ordering::Relaxed) {
        let Some(item) = reader.next()? else { break };
        let full = match item.body().and_then(Envelope::new) {
            Ok(event) => batcher.push(item.place, event, item.bytes_read),
            Err(rejection) => {
                let problems = rejection.problems().iter().map(Problem::from).collect();
                delivery.report.rejected(&Refusal { place: &item.place, problems, raw: item.body().ok() });
                delivery.report.advance(item.bytes_read);
                None
            }
        };
        full.map_or(Ok(()), |batch| batches.send(batch))?;
    }
    Ok(batcher.take().map_or(Ok(()), |batch| batches.send(batch))?)
}

fn work(waiting: &Mutex<Receiver<Batch>>, delivery: &Delivery<'_>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        delivery.settle(&batch);
    }
}
