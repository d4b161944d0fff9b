//! What an investigator waits for on a full embedded store, and what the ingest beside it loses by the questions.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pik_test_support::Server;
use serde_json::Value;

use super::load::{Measured, Shape, load};
use super::process;
use super::{Args, Part};
use crate::command::{Run, cargo, program};
use crate::workspace;

pub(super) const PART: Part = Part {
    name: "queries",
    about: "questions to an embedded store of five million records, and ingest beside them",
    run,
};

const RECORDS: u64 = 5_000_000;
/// How many questions of each kind, no two alike.
const OF_A_KIND: usize = 50;
/// Ingest is measured this many times the seconds of a measurement with and without questions each.
const ROUNDS: u64 = 9;
/// How many seconds a turn of such a measurement takes.
const TURN: u64 = 1;
/// What goes on beside ingest.
const BESIDE: [&str; 3] =
    ["alone", "beside one question of each kind a second", "beside an investigator who asks without a pause"];
const TYPES: usize = 10;

/// The kind of a question and the path that asks it.
type Question = (&'static str, String);
/// Milliseconds to the whole answer, by kind.
type Waits = BTreeMap<&'static str, Vec<f64>>;

fn run(args: &Args) -> Result<()> {
    cargo().args(["build", "--release", "--quiet", "--package", "pik"]).run()?;
    let folder = workspace::target().join("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let server = process::pik(&folder, "warn")?;
    let client = Client::of(&server);
    let start = date("now", "+%FT%TZ")?;
    let mut records = client.records()?;
    while records < RECORDS {
        load(&server.address().to_string(), Shape::Varied, args.seconds)?;
        records = client.records()?;
    }
    let questions = questions(&client, &start)?;
    let quiet = ask_all(&client, &questions)?;

    let (mut rates, mut waits) = ([0.0; BESIDE.len()], Waits::new());
    let (mut paced, mut unpaced) = (questions.iter().cycle(), questions.iter().cycle());
    let pause = Duration::from_secs(1) / u32::try_from(KINDS.len())?;
    // Every million events the store is slower for some seconds. Turns are short, so that this falls on all alike, and each
    // goes first as often as the others.
    let rounds = usize::try_from(ROUNDS * args.seconds)?;
    for turn in 0..rounds * BESIDE.len() {
        let which = (turn + turn / BESIDE.len()) % BESIDE.len();
        let measured = match which {
            0 => load(&server.address().to_string(), Shape::Varied, TURN)?,
            1 => {
                let (measured, asked) = beside(&server, &mut paced, pause)?;
                asked.into_iter().for_each(|(kind, more)| waits.entry(kind).or_default().extend(more));
                measured
            }
            _ => beside(&server, &mut unpaced, Duration::ZERO)?.0,
        };
        rates[which] += measured.events_per_second / rounds as f64;
    }

    println!("{records} records at the first question, {} at the end.\n", client.records()?);
    println!("| question | p50, ms | slowest, ms | p50 beside ingest | slowest beside ingest |");
    println!("|---|---|---|---|---|");
    for kind in KINDS {
        let column = |waits: &Waits| {
            let waits = waits.get(kind).map(Vec::as_slice).unwrap_or_default();
            format!("{:.1} | {:.1}", median(waits), waits.iter().copied().fold(0.0, f64::max))
        };
        println!("| {kind} | {} | {} |", column(&quiet), column(&waits));
    }
    println!("\n| ingest in batches of 100, full speed | events/s | × alone |");
    println!("|---|---|---|");
    for (name, rate) in BESIDE.into_iter().zip(rates) {
        println!("| {name} | {rate:.0} | {:.2} |", rate / rates[0]);
    }
    drop(server);
    fs::remove_dir_all(&folder)?;
    Ok(())
}

const KINDS: [&str; 9] = [
    "one event and its duplicates",
    "its raw object",
    "an entity through time",
    "an entity within a day",
    "a type and day by lag",
    "the same from an hour of lag down",
    "arrivals in a window",
    "duplicates in a window",
    "30 days of stats by hour",
];

/// Questions of every kind in turns, about what is there.
fn questions(client: &Client, start: &str) -> Result<Vec<Question>> {
    let end = date("now", "+%FT%TZ")?;
    let arrived = client.json(&format!("/events?ingested_from={start}&ingested_to={end}&limit=1000"))?;
    let mut questions = Vec::new();
    for nth in 0..OF_A_KIND {
        let event = &arrived["events"][nth * 1000 / OF_A_KIND];
        let text = |name: &str| event[name].as_str().with_context(|| format!("a record without `{name}`"));
        let (id, day) = (text("event_id")?, date(&format!("-{} days", nth / TYPES), "+%F")?);
        let entity = format!("user_{:05}", nth * 1_999 + 7);
        let kind = nth % TYPES;
        let seconds = nth / 4 + 1;
        let from = date(&format!("{start} +{seconds} seconds"), "+%FT%TZ")?;
        let window = format!("ingested_from={from}&ingested_to={end}");
        let (month, next) =
            (date(&format!("-{} days", 30 + nth), "+%FT00:00:00Z")?, date(&format!("-{nth} days"), "+%FT00:00:00Z")?);
        let asked = [
            format!("/events/{id}"),
            format!("/events/{id}/raw"),
            format!("/events?entity_id={entity}"),
            format!("/events?entity_id={entity}&from={day}T00:00:00Z&to={day}T23:59:59Z"),
            format!("/events?source=bench&event_type=type_{kind}&event_date={day}"),
            format!("/events?source=bench&event_type=type_{kind}&event_date={day}&min_lag_ms=3600000"),
            format!("/events?{window}"),
            format!("/events?{window}&status=DUPLICATE"),
            format!("/stats?source=bench&event_type=type_{kind}&from={month}&to={next}"),
        ];
        questions.extend(KINDS.into_iter().zip(asked));
    }
    Ok(questions)
}

fn ask_all(client: &Client, questions: &[Question]) -> Result<Waits> {
    let mut waits = Waits::new();
    for (kind, path) in questions {
        waits.entry(kind).or_default().push(client.wait(path)?);
    }
    Ok(waits)
}

/// Loads the server while an investigator asks, with a pause after each question.
fn beside<'q>(
    server: &Server,
    questions: &mut (impl Iterator<Item = &'q Question> + Send),
    pause: Duration,
) -> Result<(Measured, Waits)> {
    let (over, client) = (AtomicBool::new(false), Client::of(server));
    thread::scope(|scope| {
        let asking = scope.spawn(|| -> Result<Waits> {
            let mut waits = Waits::new();
            for (kind, path) in questions {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                waits.entry(kind).or_default().push(client.wait(path)?);
                thread::sleep(pause);
            }
            Ok(waits)
        });
        let measured = load(&server.address().to_string(), Shape::Varied, TURN);
        over.store(true, Ordering::Relaxed);
        let waits = asking.join().ok().context("the investigator died")??;
        Ok((measured?, waits))
    })
}

/// Keeps one connection open.
struct Client {
    agent: ureq::Agent,
    url: String,
}

impl Client {
    fn of(server: &Server) -> Self {
        Self { agent: ureq::Agent::new_with_defaults(), url: server.url() }
    }

    fn json(&self, path: &str) -> Result<Value> {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().with_context(|| path.to_owned())?;
        Ok(answer.body_mut().read_json()?)
    }

    /// Milliseconds until all of the answer is here.
    fn wait(&self, path: &str) -> Result<f64> {
        let start = Instant::now();
        self.agent
            .get(format!("{}{path}", self.url))
            .call()
            .with_context(|| path.to_owned())?
            .body_mut()
            .read_to_vec()?;
        Ok(start.elapsed().as_secs_f64() * 1_000.0)
    }

    /// How many records there are, duplicates included.
    fn records(&self) -> Result<u64> {
        let (from, to) = (date("-40 days", "+%FT00:00:00Z")?, date("+2 days", "+%FT00:00:00Z")?);
        let mut records = 0;
        for kind in 0..TYPES {
            let path = format!("/stats?source=bench&event_type=type_{kind}&from={from}&to={to}&bucket=day");
            let stats = self.json(&path)?;
            for bucket in stats["buckets"].as_array().context("no buckets")? {
                let count = |name: &str| bucket[name].as_u64().with_context(|| format!("a bucket without `{name}`"));
                records += count("accepted")? + count("duplicate")?;
            }
        }
        Ok(records)
    }
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn date(when: &str, form: &str) -> Result<String> {
    Ok(program("date").args(["--utc", "--date", when, form]).read()?.trim().to_owned())
}
