//! `pik send`: events from files to a host.

use std::io::Write;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::input::{InputArgs, Reader};
use crate::output::results;
use crate::send::{Batch, Batcher, Client, Delivery, Pace, Report, Target};

/// Send events to a host in batches, and try again what may be tried again.
///
/// Ends with one line of counts on standard output. Rejected and failed events are listed on standard error with their
/// lines. An event that was stored before counts as a duplicate, so running the same command again sends what is missing and
/// harms nothing. The exit code is 1 if any event was rejected or failed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The host, such as http://127.0.0.1:8080
    #[arg(long, env = "PIK_URL", value_name = "URL")]
    url: String,

    /// The bearer token. Better set in the environment, where other users of the machine cannot read it
    #[arg(long, env = "PIK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Have the host validate and look up the events, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// The most events of a request; a request is also at most 4 MiB
    #[arg(long, value_name = "COUNT", default_value = "500")]
    batch_size: NonZeroUsize,

    /// Requests under way at once
    #[arg(long, value_name = "COUNT", default_value = "4")]
    concurrency: NonZeroUsize,

    /// How often to try a request again, after waits that double, with jitter, up to 30 s each
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    retries: u32,

    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let target = Target { url: args.url.clone(), token: args.token.clone(), dry_run: args.dry_run };
    let client = Client::new(&target)?;
    let report = Report::new(args.input.total_bytes());
    let given_up = AtomicBool::new(false);
    let delivery = Delivery {
        client: &client,
        pace: Pace { retries: args.retries, first: Duration::from_millis(200), longest: Duration::from_secs(30) },
        report: &report,
        given_up: &given_up,
    };
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
    let counts = report.finish();
    let mut out = results();
    writeln!(out, "{counts}")?;
    out.flush()?;
    read?;
    let incomplete = given_up.load(Ordering::Relaxed);
    if incomplete {
        eprintln!("pik: not everything was sent; run the same command again when the host takes it");
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
        let full = match item.body() {
            Ok(event) => batcher.push(&item, event),
            Err(rejection) => {
                // No host takes it, and it may not even fit into memory.
                delivery.report.rejected(&item.place, rejection.problems().iter().map(ToString::to_string));
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
        delivery.settle(batch);
    }
}
