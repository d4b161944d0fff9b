//! The command line on a store in S3 and DynamoDB: what it prints, and its exit codes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use aws_sdk_s3::primitives::ByteStream;
use pik_aws::Settings;
use pik_conformance::{Bench, SplitBench};
use pik_core::{
    Event, EventId, IngestTime, Ledger, Outcome, RawStore, Receipt, Record, SETTLING_MS, Status, Store, Submission,
};
use serde_json::Value;
use tokio::process::Command;

use crate::bench::AwsBench;
use crate::processes::Host;
use crate::stand;

/// A `pik` on a store, and a folder of its own.
pub(crate) struct Pik {
    pub(crate) settings: Settings,
    pub(crate) folder: PathBuf,
}

impl Pik {
    pub(crate) fn on(settings: &Settings) -> Result<Self> {
        let folder = std::env::temp_dir().join(&settings.bucket);
        std::fs::create_dir_all(&folder)?;
        Ok(Self { settings: settings.clone(), folder })
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The command, on this store unless it says otherwise.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<Command> {
        let binary = std::env::var("PIK_TEST_BINARY").context("PIK_TEST_BINARY; run `cargo xtask test aws`")?;
        let url = |url: &Option<String>| url.clone().unwrap_or_default();
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("PIK_STORE", "aws")
            .env("RAW_BUCKET", &self.settings.bucket)
            .env("EVENTS_TABLE", &self.settings.table)
            .env("AWS_ENDPOINT_URL_S3", url(&self.settings.s3_endpoint))
            .env("AWS_ENDPOINT_URL_DYNAMODB", url(&self.settings.dynamodb_endpoint))
            .kill_on_drop(true);
        Ok(command)
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Said> {
        Said::of(self.command(arguments)?.output().await?)
    }

    /// What it prints when it succeeds.
    pub(crate) async fn good(&self, arguments: &[&str]) -> Result<String> {
        let said = self.run(arguments).await?;
        ensure!(said.code == 0, "{arguments:?}: {}{}", said.out, said.err);
        Ok(said.out)
    }

    async fn records(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let lines = self.good(&[arguments, &["--json"]].concat()).await?;
        Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }
}

impl Drop for Pik {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Result<Self> {
        Ok(Self {
            code: output.status.code().context("killed")?,
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }
}

/// Six events of one entity, one an hour; the first of them came three times.
pub(crate) async fn six_events(bench: &AwsBench) -> Result<Vec<Submission>> {
    let mut sent = Vec::new();
    for number in [0, 1, 2, 3, 4, 5, 0, 0] {
        let body = format!(
            r#"{{"source":"app","event_type":"a/b ü","entity_id":"user_1","event_time":"2025-12-28T{number:02}:30:00Z","payload":{number}}}"#
        );
        let event = Event::parse(body.as_bytes()).unwrap();
        let receipt = Receipt::new(&format!("request-{}", sent.len()), stand::nonce(), 0);
        let submission = Submission::new(&event, stand::at("2025-12-29T08:00:00.000Z"), receipt);
        let expected = if sent.len() < 6 { Outcome::Accepted } else { Outcome::Duplicate };
        ensure!(bench.store.ingest(submission.clone()).await?.status == expected);
        sent.push(submission);
    }
    sent.truncate(6);
    Ok(sent)
}

pub(crate) async fn bench(test: &str) -> Result<(AwsBench, Pik)> {
    let settings = stand::settings(test)?;
    let bench = AwsBench::made(settings).await?;
    let pik = Pik::on(&bench.settings)?;
    Ok((bench, pik))
}

const DAY: [&str; 6] = ["--source", "app", "--event-type", "a/b ü", "--event-date", "2025-12-28"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn questions_are_answered() -> Result<()> {
    let (bench, pik) = bench("cli-questions").await?;
    let sent = six_events(&bench).await?;
    let first = sent[0].event_id.to_string();

    let ids = |records: &[Value]| -> Vec<String> {
        records.iter().filter_map(|record| record["event_id"].as_str().map(str::to_owned)).collect()
    };
    let in_order: Vec<String> = sent.iter().map(|sent| sent.event_id.to_string()).collect();
    let entity = pik.records(&["events", "--entity-id", "user_1", "--status", "accepted"]).await?;
    ensure!(ids(&entity) == in_order, "{entity:?}");
    // All came at one time, so the earliest is the latest.
    ensure!(ids(&pik.records(&[&["events"], &DAY[..]].concat()).await?) == in_order);
    let window = ["events", "--ingested-from", "2025-12-29", "--ingested-to", "2025-12-30"];
    ensure!(pik.records(&window).await?.len() == 8);
    let limited = pik.run(&[&window[..], &["--limit", "3"]].concat()).await?;
    ensure!(limited.code == 0 && limited.out.lines().count() == 4, "{limited:?}");
    ensure!(limited.err.contains("3 shown, and there are more"), "{limited:?}");
    // A window of many days, almost all of them empty: more than one page looks into.
    let days = ["events", "--ingested-from", "2025-08-01", "--ingested-to", "2026-01-31", "--limit", "0"];
    ensure!(pik.records(&days).await?.len() == 8);

    let shown = pik.records(&["show", &first]).await?;
    let statuses: Vec<_> = shown.iter().filter_map(|record| record["status"].as_str()).collect();
    ensure!(statuses == ["ACCEPTED", "DUPLICATE", "DUPLICATE"], "{statuses:?}");
    ensure!(pik.good(&["show", &first]).await?.contains(sent[0].raw_key.as_str()));
    ensure!(pik.good(&["raw", &first]).await?.as_bytes() == sent[0].raw);

    let question = ["--source", "app", "--event-type", "a/b ü", "--from", "2025-12-28", "--until", "2025-12-29"];
    let buckets = pik.records(&[&["stats"], &question[..]].concat()).await?;
    let counts: Vec<_> = buckets.iter().map(|bucket| (&bucket["accepted"], &bucket["duplicate"])).collect();
    ensure!(counts.len() == 24 && counts[0] == (&1.into(), &2.into()) && counts[6] == (&0.into(), &0.into()));

    let nobody = "0".repeat(64);
    for (arguments, expected) in [
        (&["show", &nobody][..], "no event with this id"),
        (&["raw", &nobody], "no event with this id"),
        (&["events"], "say which events"),
        (&["export", "--to", "gs://somewhere"], "`gs://` is no place that is known here"),
        (&["export", "--to", "s3:///prefix"], "names no bucket"),
    ] {
        let said = pik.run(arguments).await?;
        ensure!(said.code == 1 && said.err.contains(expected), "{arguments:?}: {said:?}");
    }
    let lost = pik.command(&["show", &first])?.env("EVENTS_TABLE", "nobody-made-this").output().await?;
    ensure!(Said::of(lost)?.code == 1);
    Ok(())
}

/// The time of this machine, `ms` later.
fn from_now(ms: i64) -> Result<IngestTime> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    IngestTime::from_unix_ms(i64::try_from(since.as_millis())? + ms).context("a year of our time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn windows_end_where_arrivals_are_settled() -> Result<()> {
    let (bench, pik) = bench("cli-settled").await?;
    let settled = six_events(&bench).await?;
    // It arrives so far ahead of the clock that no test is slow enough to see it settled.
    let early = stand::attempt(6, from_now(3_600_000)?);
    ensure!(bench.store.ingest(early.clone()).await?.status == Outcome::Accepted);
    let window = ["--ingested-from", "2025-12-29", "--ingested-to", "9999-01-01"];

    let (folder, replayed) = (pik.path("exported"), pik.path("replayed"));
    let commands: [&[&str]; 3] =
        [&["events", "--json", "--limit", "0"], &["export", "--to", &folder], &["replay", "--to", &replayed]];
    for command in commands {
        let before = from_now(-SETTLING_MS)?;
        let said = pik.run(&[command, &window[..]].concat()).await?;
        let after = from_now(-SETTLING_MS)?;
        ensure!(said.code == 0 && !said.out.contains(&early.event_id.to_string()), "{said:?}");
        let go_on = said.err.lines().find_map(|line| {
            line.strip_prefix("arrivals from ")?.strip_suffix(" on are not settled yet; ask again from there")
        });
        let go_on: IngestTime = go_on.with_context(|| format!("{said:?}"))?.parse().map_err(|_| anyhow!("{said:?}"))?;
        ensure!(before <= go_on && go_on <= after, "{before} to {after}: {said:?}");
    }
    let shown = pik.records(&[&["events", "--limit", "0"], &window[..]].concat()).await?;
    ensure!(shown.len() == settled.len() + 2, "{shown:?}");
    for folder in [&folder, &replayed] {
        ensure!(files(Path::new(folder), Path::new(folder))?.len() == settled.len());
    }

    // A host says it in its answers, and shows nothing beyond.
    let host = Host::start(&bench.settings, "serve")?;
    let before = from_now(-SETTLING_MS)?;
    let answer: Value = serde_json::from_str(
        &host.get("/events?ingested_from=2025-12-29T00:00:00Z&ingested_to=9999-01-01T00:00:00Z&limit=1000").await?,
    )?;
    let after = from_now(-SETTLING_MS)?;
    let until = answer["settled_until"].as_str().with_context(|| answer.to_string())?;
    let until: IngestTime = until.parse().map_err(|_| anyhow!("{answer}"))?;
    ensure!(before <= until && until <= after, "{before} to {after}: {answer}");
    ensure!(answer["events"].as_array().map(Vec::len) == Some(settled.len() + 2), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn the_console_shows_a_bucket_and_a_table_and_writes_nothing() -> Result<()> {
    let (bench, _) = bench("console").await?;
    let sent = six_events(&bench).await?;
    let console = Host::start(&bench.settings, "console")?;
    ensure!(console.get("/console/").await?.contains("console.js"));
    let streams = console.get("/streams").await?;
    ensure!(streams.contains(r#""event_type":"a/b ü""#), "{streams}");
    let known: Value = serde_json::from_str(&console.get(&format!("/events/{}", sent[0].event_id)).await?)?;
    ensure!(known["duplicates"].as_array().map(Vec::len) == Some(2), "{known}");

    let body = r#"{"source":"app","event_type":"t","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":1}"#;
    let answer = console.post(body, "request").await?.context("no answer")?;
    ensure!(answer.status == Outcome::Accepted, "{answer:?}");
    ensure!(bench.store.find(&answer.event_id).await?.is_none());
    Ok(())
}

/// The files under a folder, by their names there.
fn files(folder: &Path, root: &Path) -> Result<BTreeSet<(String, Vec<u8>)>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut files(&path, root)?);
        } else {
            found.insert((path.strip_prefix(root)?.display().to_string(), std::fs::read(&path)?));
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn objects_go_to_folders_and_buckets_and_back() -> Result<()> {
    let (bench, pik) = bench("cli-export").await?;
    let sent = six_events(&bench).await?;
    let expected: BTreeSet<_> = sent.iter().map(|sent| (sent.raw_key.to_string(), sent.raw.to_vec())).collect();

    let folder = pik.path("lake");
    ensure!(pik.good(&["export", "--to", &folder]).await? == "new 6, there before 0, refused 0, unusable 0\n");
    ensure!(files(Path::new(&folder), Path::new(&folder))? == expected);
    let replayed = pik.path("again");
    let replay = ["replay", "--entity-id", "user_1", "--to", &replayed];
    ensure!(pik.good(&replay).await? == "new 6, there before 0, refused 0, unusable 0\n");
    ensure!(files(Path::new(&replayed), Path::new(&replayed))? == expected);

    // Another bucket, below a prefix.
    let other = stand::settings("cli-copy")?;
    let other = AwsBench::made(other).await?;
    let url = format!("s3://{}/a lake/2025", other.settings.bucket);
    let export = [&["export", "--to", &url], &DAY[..]].concat();
    ensure!(pik.good(&export).await? == "new 6, there before 0, refused 0, unusable 0\n");
    let key = format!("a lake/2025/{}", sent[3].raw_key);
    let object = other.clients.s3.get_object().bucket(&other.settings.bucket).key(&key).send().await?;
    ensure!(object.body.collect().await?.to_vec() == sent[3].raw);

    // What is missing is written again, and what differs is told and stays.
    let gone = format!("a lake/2025/{}", sent[1].raw_key);
    other.clients.s3.delete_object().bucket(&other.settings.bucket).key(gone).send().await?;
    let put = other.clients.s3.put_object().bucket(&other.settings.bucket).key(&key);
    put.body(ByteStream::from_static(b"{}")).send().await?;
    let said = pik.run(&export).await?;
    ensure!((said.code, &*said.out) == (1, "new 1, there before 4, refused 1, unusable 0\n"), "{said:?}");
    ensure!(said.err.contains(&*sent[3].raw_key.to_string()) && said.err.contains("another object"), "{said:?}");

    // Back in, into a store of its own; the changed object and what is no object stay out.
    let stranger = other.clients.s3.put_object().bucket(&other.settings.bucket).key("a lake/2025/raw/notes.txt");
    stranger.body(ByteStream::from_static(b"?")).send().await?;
    let target = Pik::on(&other.settings)?;
    let said = target.run(&["import", &url]).await?;
    ensure!((said.code, &*said.out) == (1, "new 5, there before 0, refused 0, unusable 2\n"), "{said:?}");
    for (place, sent) in sent.iter().enumerate() {
        let there = other.store.find(&sent.event_id).await?.is_some();
        ensure!(there == (place != 3), "event {place}");
    }
    ensure!(target.good(&["import", &folder]).await? == "new 1, there before 5, refused 0, unusable 0\n");
    target.good(&["verify"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn verification_ends_with_1_until_it_is_repaired() -> Result<()> {
    let (bench, pik) = bench("cli-verify").await?;
    six_events(&bench).await?;
    ensure!(pik.run(&["verify"]).await?.code == 0);

    // An attempt that died behind its object.
    let died = stand::attempt(9, stand::at("2025-12-29T20:15:35.580Z"));
    let claim = died.claim(&bench.settings.bucket);
    bench.ledger().claim(&claim).await?;
    bench.raw_store().create(&claim, died.raw.clone()).await?;
    let found = pik.run(&["verify", "--json"]).await?;
    let finding: Value = serde_json::from_str(found.out.lines().next().context("no finding")?)?;
    ensure!(found.code == 1 && finding["finding"] == "pending" && finding["has_object"] == true, "{found:?}");
    ensure!(finding["event_id"] == died.event_id.to_string());
    // It may be under way.
    let long_ago = (10 * 365 * 24 * 60).to_string();
    ensure!(pik.run(&["verify", "--pending-minutes", &long_ago]).await?.code == 0);
    ensure!(pik.run(&["show", &died.event_id.to_string()]).await?.code == 1);

    let repaired = pik.run(&["verify", "--repair"]).await?;
    ensure!(repaired.code == 0, "{repaired:?}");
    ensure!(pik.run(&["verify"]).await?.code == 0);
    let now = first(&bench, &died.event_id).await?;
    ensure!(now.status == Status::Accepted && now.receipt.as_str().starts_with("verify."), "{now:?}");

    // A claim without its object is for its sender to finish.
    let died = stand::attempt(10, stand::at("2025-12-29T20:15:35.580Z"));
    let claim = died.claim(&bench.settings.bucket);
    bench.ledger().claim(&claim).await?;
    ensure!(pik.run(&["verify", "--repair"]).await?.code == 1);
    ensure!(bench.store.ingest(died).await?.status == Outcome::Accepted);
    ensure!(pik.run(&["verify"]).await?.code == 0);

    bench.clients.s3.delete_object().bucket(&bench.settings.bucket).key(now.raw_key.as_str()).send().await?;
    let lost = pik.run(&["verify", "--repair"]).await?;
    ensure!(lost.code == 1 && lost.out.contains(now.raw_key.as_str()), "{lost:?}");
    let raw = pik.run(&["raw", &now.event_id.to_string()]).await?;
    ensure!(raw.code == 1 && raw.err.contains("is missing"), "{raw:?}");
    Ok(())
}

async fn first(bench: &AwsBench, id: &EventId) -> Result<Record> {
    bench.records(id).await?.into_iter().find(|record| record.status != Status::Duplicate).context("no record")
}
