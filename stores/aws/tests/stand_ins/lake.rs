//! A lake in a bucket, written and verified by the command line.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_s3::primitives::ByteStream;
use pik_core::{Event, Receipt, Store, Submission};
use serde_json::Value;
use tokio::process::Command;

use crate::bench::AwsBench;
use crate::cli::{Pik, Said};
use crate::stand;

/// More files than are put, copied or removed at once.
const EVENTS: u64 = 40;
/// Below a prefix that a header cannot have as it is.
const PREFIX: &str = "a lake/ü";
/// Behind the first events, and behind all.
const FIRST_DAY: &str = "2025-12-30";
const LAST_DAY: &str = "2025-12-31";

struct Lake {
    bench: AwsBench,
    pik: Pik,
    url: String,
}

impl Lake {
    /// A store with an event in each of these hours, and the place of a lake.
    async fn of(test: &str) -> Result<Self> {
        let bench = AwsBench::made(stand::settings(test)?).await?;
        let pik = Pik::on(&bench.settings)?;
        let url = format!("s3://{}/{PREFIX}", bench.settings.bucket);
        let lake = Self { bench, pik, url };
        lake.ingest(0..EVENTS, "2025-12-29").await?;
        Ok(lake)
    }

    /// An event in each of these hours, one a second.
    async fn ingest(&self, numbers: std::ops::Range<u64>, day: &str) -> Result<()> {
        for number in numbers {
            let body = format!(
                r#"{{"source":"a/b ü","event_type":"t","entity_id":"e","event_time":"2025-12-{:02}T{:02}:30:00Z","payload":{number}}}"#,
                1 + number / 24,
                number % 24
            );
            let arrived = stand::at(&format!("{day}T08:00:{:02}.000Z", number % 60));
            let event = Event::parse(body.as_bytes()).unwrap();
            let receipt = Receipt::new(&format!("request-{number}"), stand::nonce(), 0);
            self.bench.store.ingest(Submission::new(&event, arrived, receipt)).await?;
        }
        Ok(())
    }

    /// What a lake begins with or goes on with. Days are asked for one by one: without a first one, those since 1970 were.
    async fn window(&self, until: &'static str) -> Result<Vec<&'static str>> {
        let begin =
            if self.names("_manifest/").await?.is_empty() { &["--arrived-from", "2025-12-29"][..] } else { &[] };
        Ok([begin, &["--since-last", "--arrived-to", until]].concat())
    }

    /// Exports what arrived before a day.
    async fn export_until(&self, day: &'static str) -> Result<Said> {
        let window = self.window(day).await?;
        self.pik.run(&[&["export", "--to", &self.url, "--format", "ndjson"], &window[..]].concat()).await
    }

    async fn export(&self) -> Result<Said> {
        self.export_until(FIRST_DAY).await
    }

    async fn verify(&self) -> Result<Said> {
        self.pik.run(&["verify", "--lake", &self.url]).await
    }

    /// The names below a folder of the lake.
    async fn names(&self, folder: &str) -> Result<BTreeSet<String>> {
        let prefix = format!("{PREFIX}/{folder}");
        let list = self.bench.clients.s3.list_objects_v2().bucket(&self.bench.settings.bucket).prefix(prefix);
        let found = list.send().await?;
        ensure!(found.is_truncated() != Some(true));
        let names = found.contents().iter().filter_map(|object| object.key()?.strip_prefix(PREFIX)?.get(1..));
        Ok(names.map(str::to_owned).collect())
    }

    async fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let get = self.bench.clients.s3.get_object().bucket(&self.bench.settings.bucket);
        Ok(get.key(format!("{PREFIX}/{name}")).send().await?.body.collect().await?.to_vec())
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let put = self.bench.clients.s3.put_object().bucket(&self.bench.settings.bucket);
        put.key(format!("{PREFIX}/{name}")).body(ByteStream::from(bytes)).send().await?;
        Ok(())
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let remove = self.bench.clients.s3.delete_object().bucket(&self.bench.settings.bucket);
        remove.key(format!("{PREFIX}/{name}")).send().await?;
        Ok(())
    }

    async fn manifest(&self, round: u32) -> Result<Value> {
        Ok(serde_json::from_slice(&self.bytes(&format!("_manifest/{round:06}.json")).await?)?)
    }

    /// The files that manifests list.
    async fn listed(&self) -> Result<BTreeSet<String>> {
        let mut listed = BTreeSet::new();
        for round in 1..=self.names("_manifest/").await?.len() {
            let manifest = self.manifest(u32::try_from(round)?).await?;
            let files = manifest["files"].as_array().context("files")?;
            listed.extend(files.iter().filter_map(|file| Some(file["path"].as_str()?.to_owned())));
        }
        Ok(listed)
    }

    /// Every file is listed, nothing is left of how it came there, and it has what the store has.
    async fn is_whole(&self) -> Result<()> {
        ensure!(self.names("raw/").await? == self.listed().await?);
        ensure!(self.names("_parts/").await?.is_empty(), "{:?}", self.names("_parts/").await?);
        let verified = self.verify().await?;
        ensure!(verified.code == 0 && verified.err.contains("is unchanged, and has all"), "{verified:?}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn a_lake_in_a_bucket_gains_what_is_new_and_is_verified_there() -> Result<()> {
    let lake = Lake::of("lake").await?;
    // What a console makes for a folder.
    lake.put("", Vec::new()).await?;
    let said = lake.export().await?;
    ensure!((said.code, &*said.out) == (0, "new 40, there before 0, refused 0, unusable 0\n"), "{said:?}");
    ensure!(said.err.starts_with("40 files written"), "{said:?}");
    lake.is_whole().await?;
    let before = lake.names("raw/").await?;

    lake.ingest(EVENTS..EVENTS + 2, "2025-12-30").await?;
    let behind = lake.verify().await?;
    ensure!(behind.code == 0, "what arrived behind the lake's end is not missing: {behind:?}");
    let said = lake.export_until(LAST_DAY).await?;
    ensure!((said.code, &*said.out) == (0, "new 2, there before 0, refused 0, unusable 0\n"), "{said:?}");
    lake.is_whole().await?;
    ensure!(lake.names("raw/").await?.len() == before.len() + 2);
    ensure!(lake.export_until(LAST_DAY).await?.out.starts_with("new 0,"));

    // Parquet is another lake; so is a folder of raw objects.
    let other = lake
        .pik
        .run(&["export", "--to", &lake.url, "--format", "parquet", "--since-last", "--arrived-to", LAST_DAY])
        .await?;
    ensure!(other.code == 1 && other.err.contains("the lake is in ndjson"), "{other:?}");
    let as_objects = lake.pik.run(&["export", "--to", &lake.url]).await?;
    ensure!(as_objects.code == 1 && as_objects.err.contains("is a lake, which has"), "{as_objects:?}");
    let raw = format!("s3://{}", lake.bench.settings.bucket);
    let objects = lake.pik.run(&["export", "--to", &raw, "--format", "ndjson", "--arrived-from", FIRST_DAY]).await?;
    ensure!(objects.code == 1 && objects.err.contains("is no lake: it has"), "{objects:?}");
    let parquet = format!("s3://{}/parquet", lake.bench.settings.bucket);
    lake.pik
        .good(&[
            "export",
            "--to",
            &parquet,
            "--format",
            "parquet",
            "--arrived-from",
            "2025-12-29",
            "--arrived-to",
            LAST_DAY,
        ])
        .await?;
    lake.pik.good(&["verify", "--lake", &parquet]).await?;

    // Another one's file, a changed one and a missing one.
    let mut files = before.into_iter();
    let (changed, gone) = (files.next().context("no file")?, files.next().context("no file")?);
    lake.put("raw/notes.txt", b"?".to_vec()).await?;
    lake.put(&changed, b"?".to_vec()).await?;
    lake.remove(&gone).await?;
    let said = lake.verify().await?;
    for finding in
        ["added file raw/notes.txt".to_owned(), format!("changed file {changed}"), format!("missing file {gone}")]
    {
        ensure!(said.code == 1 && said.out.contains(&finding), "{finding}: {said:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn an_export_that_is_killed_leaves_only_what_a_manifest_lists() -> Result<()> {
    let lake = Lake::of("lake-killed").await?;
    for milliseconds in (50..1_000).step_by(50) {
        let mut command = lake.pik.command(&["export", "--to", &lake.url, "--format", "ndjson"])?;
        command.args(lake.window(FIRST_DAY).await?);
        // A round for each event.
        let mut child = command.args(["--buffer-bytes", "1"]).spawn()?;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().await?;
        let strays: Vec<_> = lake.names("raw/").await?.difference(&lake.listed().await?).cloned().collect();
        ensure!(strays.is_empty(), "after {milliseconds} ms: {strays:?}");
    }
    ensure!(lake.export().await?.code == 0);
    // Parts of a round that a killed run had begun go once another run has added it.
    lake.ingest(EVENTS..EVENTS + 1, "2025-12-30").await?;
    lake.put("_parts/000001-dead/part", b"?".to_vec()).await?;
    ensure!(lake.export_until(LAST_DAY).await?.code == 0);
    lake.is_whole().await?;

    // Killed behind the manifest, before a file had its name.
    let last = lake.manifest(u32::try_from(lake.names("_manifest/").await?.len())?).await?;
    let parts = last["parts"].as_str().context("no parts")?;
    let path = last["files"][0]["path"].as_str().context("no path")?;
    let hash = Command::new("sh").args(["-c", "printf %s \"$0\" | sha256sum", path]).output().await?;
    let hash = String::from_utf8(hash.stdout)?;
    let hash = hash.split_whitespace().next().context("no hash")?;
    let bytes = lake.bytes(path).await?;
    lake.put(&format!("{parts}/{hash}"), bytes).await?;
    lake.remove(path).await?;
    ensure!(lake.verify().await?.out.contains(&format!("missing file {path}")));
    ensure!(lake.export_until(LAST_DAY).await?.out.starts_with("new 0,"));
    lake.is_whole().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn of_two_exports_at_once_one_adds_the_round() -> Result<()> {
    let lake = Lake::of("lake-twice").await?;
    let (one, other) = tokio::join!(lake.export(), lake.export());
    for said in [one?, other?] {
        let is_late = said.code == 1 && said.err.contains("meanwhile; run the command again");
        ensure!(said.code == 0 || is_late, "{said:?}");
    }
    ensure!(lake.export().await?.out.starts_with("new 0,"));
    ensure!(lake.names("raw/").await?.len() == EVENTS as usize);
    ensure!(lake.verify().await?.code == 0);
    Ok(())
}
