//! `pik replay`: sends events again.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration};
use pik_core::{EventTime, Query, RawKey};

use crate::arguments::{End, EndpointArgs, SelectionArgs, builder, event_time};
use crate::investigate::{Source, refuse_unknown};
use crate::output::results;
use crate::progress::{Progress, Unit};
use crate::terminal::tell;
use crate::transfer::{Begun, Counts, HostSink, Journal, Lines, Plan, Replay, Report, Sink, Target, copy};

/// How many events are sent between two lines of the journal.
const STEP: usize = 100;

/// Send the raw bytes of selected events again, by event time, each event once.
///
/// Standard error says first how many events and bytes there are, of which times, and how long they take at --rate. Each object must hash to the id in its key. A host that answers
/// another id ends the replay. To go on after an interruption, run the same command again: the journal has the plan and
/// how far it came, and is deleted at the end. At most the events of the last request are sent twice, and become
/// duplicates. The counts come last, and from when
/// on arrivals are not settled yet. The exit code is 1 if anything was refused or unusable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to send them: a host, such as https://events.example; a folder; s3://BUCKET/PREFIX; sqs://QUEUE, one message
    /// for each event; or `-` for standard output, one event a line
    #[arg(long, value_name = "URL|FOLDER|-")]
    to: String,

    /// The target's bearer token. Set it in the environment: other users of the machine can read a command line
    #[arg(long, env = "PIK_TO_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    to_token: Option<String>,

    /// Say what would be sent, and send none
    #[arg(long)]
    dry_run: bool,

    /// The most events a second
    #[arg(long, value_name = "EVENTS")]
    rate: Option<NonZeroU32>,

    /// The file that notes how far the replay came. A replay to standard output has none
    #[arg(long, value_name = "FILE", default_value = "pik-replay.journal")]
    journal: PathBuf,

    #[command(flatten)]
    selection: SelectionArgs,

    /// The latest event time, excluded
    #[arg(long, value_name = "TIME", value_parser = event_time, help_heading = "Which events")]
    until: Option<EventTime>,

    #[command(flatten)]
    from: EndpointArgs,
}

impl Args {
    fn end(&self) -> End {
        End { flag: "--until", time: self.until }
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let query = args.selection.query(args.end())?;
    let to_output = args.to == "-";
    let is_url = args.to.starts_with("http://") || args.to.starts_with("https://");
    let target = if to_output || is_url { None } else { Some(Target::read(&args.to)?) };
    let source = args.from.source()?;
    if args.dry_run {
        let plan = planned(&query, source.as_ref())?;
        refuse_unknown_if_empty(&plan, args, source.as_ref())?;
        tell(format_args!("{}; nothing was sent", told(&plan, args.rate)));
        tell_left_out(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    let mut sink: Box<dyn Sink> = match target {
        Some(target) => target.open()?,
        None if to_output => Box::new(Lines::new()),
        None => Box::new(HostSink { client: builder(&args.to, args.to_token.as_deref()).build()? }),
    };
    let (mut journal, plan, before) = if to_output {
        let plan = planned(&query, source.as_ref())?;
        tell(told(&plan, args.rate));
        refuse_unknown_if_empty(&plan, args, source.as_ref())?;
        (None, plan, 0)
    } else {
        let replay = Replay { from: args.from.name(), to: args.to.clone(), query };
        let (journal, plan, before) = begin(args, replay, source.as_ref())?;
        (Some(journal), plan, before)
    };
    let (unit, total) = (Unit::Count("events"), Some(plan.len() as u64));
    let mut report = Report::new(match to_output {
        true => Progress::of_listing(unit, total),
        false => Progress::going_on(unit, total, before as u64),
    });
    let sent = send(&plan, before, args.rate, source.as_ref(), sink.as_mut(), journal.as_mut(), &mut report);
    let counts = report.finish();
    print(&counts, to_output)?;
    sent?;
    tell_left_out(&plan);
    if let Some(journal) = journal {
        journal.end()?;
    }
    Ok(if counts.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn refuse_unknown_if_empty(plan: &Plan, args: &Args, source: &dyn Source) -> anyhow::Result<()> {
    let (named, event_type) = args.selection.stream();
    if plan.len() == 0 { refuse_unknown(source, named, event_type) } else { Ok(()) }
}

fn begin(args: &Args, replay: Replay, source: &dyn Source) -> anyhow::Result<(Journal, Plan, usize)> {
    match Journal::open(&args.journal, &replay)? {
        Begun::Old(journal, plan, before) => {
            let left = at_rate(plan.len() - before, args.rate);
            tell(format_args!("{} events, going on behind the first {before}{left}", plan.len()));
            Ok((journal, plan, before))
        }
        Begun::New(mut journal) => {
            let planned = planned(&replay.query, source).and_then(|plan| {
                tell(told(&plan, args.rate));
                refuse_unknown_if_empty(&plan, args, source)?;
                journal.plan(replay, &plan)?;
                Ok(plan)
            });
            match planned {
                Ok(plan) => Ok((journal, plan, 0)),
                // A journal without a plan is of no use to anyone.
                Err(error) => journal.end().and(Err(error)),
            }
        }
    }
}

fn send(
    plan: &Plan,
    before: usize,
    rate: Option<NonZeroU32>,
    source: &dyn Source,
    sink: &mut dyn Sink,
    mut journal: Option<&mut Journal>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let start = Instant::now();
    // A tenth of a second's worth at least every tenth of a second, so that a slow rate is no burst.
    let step = rate.map_or(STEP, |rate| (rate.get() as usize / 10).clamp(1, STEP));
    let mut sent = before;
    while sent < plan.len() {
        let end = plan.len().min(sent + step);
        let keys: Vec<RawKey> = plan.keys(sent, end).collect();
        copy(&keys, source, sink, report)?;
        sent = end;
        if let Some(journal) = journal.as_deref_mut() {
            journal.delivered(sent)?;
        }
        if let Some(rate) = rate {
            let due = Duration::from_secs_f64((sent - before) as f64 / f64::from(rate.get()));
            thread::sleep(due.saturating_sub(start.elapsed()));
        }
    }
    Ok(())
}

fn tell_left_out(plan: &Plan) {
    if let Some(left_out) = plan.left_out {
        tell(left_out);
    }
}

fn planned(query: &Query, source: &dyn Source) -> anyhow::Result<Plan> {
    let progress = Progress::new(Unit::Count("records found"), None);
    Plan::of(query, source, &mut |count| progress.advance(count as u64))
}

/// The plan, before anything of it is done.
fn told(plan: &Plan, rate: Option<NonZeroU32>) -> String {
    match plan.span() {
        None => "no events".to_owned(),
        Some((first, last)) => {
            let (count, bytes, time) = (plan.len(), HumanBytes(plan.bytes), at_rate(plan.len(), rate));
            format!("{count} events, {bytes}, event times {first} to {last}{time}")
        }
    }
}

/// How long so many events take if nothing but `--rate` slows them down.
fn at_rate(count: usize, rate: Option<NonZeroU32>) -> String {
    rate.map_or_else(String::new, |rate| {
        let time = Duration::from_secs((count as u64).div_ceil(u64::from(rate.get())));
        format!(", {} at {rate} a second", HumanDuration(time))
    })
}

fn print(counts: &Counts, to_output: bool) -> anyhow::Result<()> {
    if to_output {
        tell(counts);
        return Ok(());
    }
    let mut out = results();
    writeln!(out, "{counts}")?;
    Ok(out.flush()?)
}
