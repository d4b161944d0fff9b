//! Backups of a SQLite database in a bucket.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use pik_core::{Event, Outcome, Receipt, Store, Submission};

use crate::bench::AwsBench;
use crate::cli::{Said, bench, six_events};
use crate::stand;

/// Events that take several pieces of a backup.
async fn large_events(bench: &AwsBench) -> Result<()> {
    for number in 0..20_u8 {
        let text = char::from(b'a' + number).to_string().repeat(250_000);
        let body = format!(
            r#"{{"source":"app","event_type":"large","entity_id":"e{number}","event_time":"2025-12-28T00:00:00Z","payload":"{text}"}}"#
        );
        let event = Event::parse(body.as_bytes()).unwrap();
        let receipt = Receipt::new(&format!("large-{number}"), stand::nonce(), 0);
        let submission = Submission::new(&event, stand::at("2025-12-29T09:00:00.000Z"), receipt);
        ensure!(bench.store.ingest(submission).await?.status == Outcome::Accepted);
    }
    Ok(())
}

/// Where the manifest is that a backup tells of.
fn manifest(said: &Said) -> Result<String> {
    let (url, _) = said.out.split_once(".json: ").with_context(|| format!("{said:?}"))?;
    Ok(format!("{url}.json"))
}

/// How many pieces were sent, and how many there are.
fn sent(said: &Said) -> Result<(u64, u64)> {
    let numbers: Vec<u64> = said.err.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [new, all, _bytes] = numbers[..] else { anyhow::bail!("{said:?}") };
    Ok((new, all))
}

fn files(folder: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Whether the copy that goes to the bucket or comes from it is still there.
fn is_left(folder: &str) -> Result<bool> {
    Ok(files(folder)?.iter().any(|name| name.starts_with("pik-backup")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn a_bucket_gets_what_is_new_and_gives_every_backup_back() -> Result<()> {
    let (bench, pik) = bench("cli-backup").await?;
    let (data, events) = (pik.path("data"), pik.path("events"));
    large_events(&bench).await?;
    pik.good(&["export", "--to", &events]).await?;
    pik.good(&["import", "--store", "sqlite", "--data", &data, &events]).await?;

    let url = format!("s3://{}/backups of pik", bench.settings.bucket);
    let none = pik.run(&["restore", "--data", &pik.path("none"), &url]).await?;
    ensure!(none.code != 0 && none.err.contains("has no backup"), "{none:?}");
    ensure!(!Path::new(&pik.path("none")).join("pik.sqlite").exists());

    // What a run that was killed has left is in nobody's way.
    std::fs::write(Path::new(&data).join("pik-backup.tmp"), "half")?;
    let first = pik.run(&["backup", "--data", &data, &url]).await?;
    ensure!(first.code == 0 && first.out.contains(".json: 20 records, 20 raw objects, verified"), "{first:?}");
    ensure!(!is_left(&data)?, "{:?}", files(&data)?);
    // Nothing has changed but SQLite's count of changes in the first page.
    let again = pik.run(&["backup", "--data", &data, &url]).await?;
    ensure!(again.code == 0 && sent(&again)?.0 <= 1, "{again:?}");

    // Six small events more: most pieces are there already.
    six_events(&bench).await?;
    pik.good(&["export", "--to", &events]).await?;
    pik.good(&["import", "--store", "sqlite", "--data", &data, &events]).await?;
    let second = pik.run(&["backup", "--data", &data, &url]).await?;
    ensure!(second.code == 0 && second.out.contains("26 raw objects"), "{second:?}");
    let (new, all) = sent(&second)?;
    ensure!(0 < new && new <= all / 2, "{second:?}");

    // The newest, and one by its name. A database that is there stays.
    let newest = pik.path("newest");
    ensure!(pik.good(&["restore", "--data", &newest, &url]).await?.contains("26 raw objects"));
    ensure!(!is_left(&newest)?, "{:?}", files(&newest)?);
    let over = pik.run(&["restore", "--data", &newest, &url]).await?;
    ensure!(over.code != 0 && over.err.contains("never overwritten"), "{over:?}");
    let earlier = manifest(&first)?;
    ensure!(pik.good(&["restore", "--data", &pik.path("earlier"), &earlier]).await?.contains("20 records"));
    let named = pik.run(&["backup", "--data", &data, &earlier]).await?;
    ensure!(named.code != 0 && named.err.contains("never changed"), "{named:?}");
    let unknown = pik.run(&["restore", "--data", &pik.path("unknown"), &format!("{url}/backups/x.json")]).await?;
    ensure!(unknown.code != 0 && unknown.err.contains("there is no `s3://"), "{unknown:?}");

    // What is no backup by its name, and an earlier one that was moved away, are not the newest.
    let put = |name: &str, bytes: &[u8]| {
        let put = bench.clients.s3.put_object().bucket(&bench.settings.bucket);
        put.key(format!("backups of pik/backups/{name}")).body(bytes.to_vec().into()).send()
    };
    for name in ["zz.json", "old/2025-01-01T00:00:00.000Z.json", "old/"] {
        put(name, b"").await?;
    }
    ensure!(pik.good(&["restore", "--data", &pik.path("still newest"), &url]).await?.contains("26 raw objects"));

    // A bucket is asked before a database is copied.
    std::fs::create_dir(pik.path("nothing here"))?;
    let nowhere = ["backup", "--data", &pik.path("nothing here"), "s3://there-is-no-such-bucket/x"];
    let nowhere = pik.run(&nowhere).await?;
    ensure!(nowhere.code != 0 && nowhere.err.contains("there-is-no-such-bucket does not exist"), "{nowhere:?}");
    let no_database = pik.run(&["backup", "--data", &pik.path("nothing here"), &url]).await?;
    ensure!(no_database.err.matches("there is no database").count() == 1, "{no_database:?}");

    // Changed and deleted pieces are noticed, and a later backup sends again what is gone.
    let s3 = &bench.clients.s3;
    let newest = manifest(&second)?;
    let (_, name) = newest.rsplit_once('/').context("a name")?;
    let get = s3.get_object().bucket(&bench.settings.bucket).key(format!("backups of pik/backups/{name}"));
    let listed: serde_json::Value = serde_json::from_slice(&get.send().await?.body.collect().await?.to_vec())?;
    let key = &format!("backups of pik/pieces/{}", listed["pieces"][1].as_str().context("a second piece")?);
    let put = s3.put_object().bucket(&bench.settings.bucket).key(key).body(b"other".to_vec().into());
    put.send().await?;
    let changed = pik.run(&["restore", "--data", &pik.path("changed"), &url]).await?;
    ensure!(changed.code != 0 && changed.err.contains("has other bytes"), "{changed:?}");
    ensure!(files(&pik.path("changed"))?.is_empty(), "{:?}", files(&pik.path("changed"))?);
    s3.delete_object().bucket(&bench.settings.bucket).key(key).send().await?;
    let lacking = pik.run(&["restore", "--data", &pik.path("lacking"), &url]).await?;
    ensure!(lacking.code != 0 && lacking.err.contains("lacks its piece"), "{lacking:?}");
    let repaired = pik.run(&["backup", "--data", &data, &url]).await?;
    ensure!(repaired.code == 0 && (1..=2).contains(&sent(&repaired)?.0), "{repaired:?}");
    ensure!(pik.good(&["restore", "--data", &pik.path("repaired"), &url]).await?.contains("26 raw objects"));
    Ok(())
}
