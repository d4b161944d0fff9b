//! Everything a verification must find, planted, and what a repair makes of it.

use anyhow::{Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use pik_conformance::SplitBench;
use pik_core::{
    Finding, IngestTime, Ledger, Notice, Outcome, RawStore, Receipt, Record, Status, Store, Verification, verify,
};

use crate::bench::AwsBench;
use crate::stand;

const ARRIVED: &str = "2025-12-29T20:15:35.580Z";

async fn notices(bench: &AwsBench, pending_before: &str, repair: Option<Receipt>) -> Result<Vec<Notice>> {
    let how = Verification { pending_before: stand::at(pending_before), repair };
    let mut notices = Vec::new();
    verify(&bench.store, &how, |notice| notices.push(notice)).await?;
    Ok(notices)
}

fn findings(notices: Vec<Notice>) -> Vec<Finding> {
    let finding = |notice| match notice {
        Notice::Found(finding) => Some(finding),
        Notice::Records(_) | Notice::Objects(_) | Notice::Repaired(_) => None,
    };
    notices.into_iter().filter_map(finding).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn walks_every_page_of_a_sound_store() -> Result<()> {
    let settings = stand::settings("walk")?;
    let bench = AwsBench::made(settings).await?;
    // More than a page of the scan (500) and of the listing (1,000).
    const EVENTS: u64 = 1_100;
    let all: Vec<_> = (0..EVENTS).map(|number| stand::attempt(number, stand::at(ARRIVED))).collect();
    for answer in bench.store.ingest_batch(all.clone()).await {
        ensure!(answer?.status == Outcome::Accepted);
    }
    let again = all.into_iter().take(40).map(|submission| stand::attempt_again(&submission));
    for answer in bench.store.ingest_batch(again.collect()).await {
        ensure!(answer?.status == Outcome::Duplicate);
    }
    let (mut records, mut objects) = (0, 0);
    for notice in notices(&bench, "9999-12-31T23:59:59.999Z", None).await? {
        match notice {
            Notice::Records(count) => records += count,
            Notice::Objects(count) => objects += count,
            Notice::Found(finding) => anyhow::bail!("{finding:?}"),
            Notice::Repaired(record) => anyhow::bail!("{record:?}"),
        }
    }
    ensure!(records == EVENTS as usize + 40 && objects == EVENTS as usize, "{records} records, {objects} objects");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn finds_what_was_planted_and_finishes_what_can_be() -> Result<()> {
    let settings = stand::settings("verify")?;
    let bench = AwsBench::made(settings).await?;
    let (bucket, table) = (bench.settings.bucket.as_str(), bench.settings.table.as_str());
    let arrived = stand::at(ARRIVED);
    let accepted = async |number: u64| -> Result<Record> {
        let submission = stand::attempt(number, arrived);
        bench.store.ingest(submission.clone()).await?;
        Ok(submission.claim(""))
    };
    let mut expected = Vec::new();

    accepted(1).await?;

    let lost = accepted(2).await?;
    bench.clients.s3.delete_object().bucket(bucket).key(lost.raw_key.as_str()).send().await?;
    expected.push(Finding::MissingObject { event_id: lost.event_id, raw_key: lost.raw_key });

    let changed = accepted(3).await?;
    let put = bench.clients.s3.put_object().bucket(bucket).key(changed.raw_key.as_str());
    put.body(ByteStream::from_static(b"{}")).send().await?;
    expected.push(Finding::WrongSize {
        event_id: changed.event_id,
        raw_key: changed.raw_key.clone(),
        recorded: changed.raw_size,
        stored: 2,
    });
    expected.push(Finding::WrongObject { raw_key: changed.raw_key, reason: "it is not an event".into() });

    let swapped = accepted(4).await?;
    let other = stand::attempt(44, arrived);
    let put = bench.clients.s3.put_object().bucket(bucket).key(swapped.raw_key.as_str());
    put.body(ByteStream::from(other.raw.clone())).send().await?;
    expected.push(Finding::WrongSize {
        event_id: swapped.event_id,
        raw_key: swapped.raw_key.clone(),
        recorded: swapped.raw_size,
        stored: other.raw.len() as u64,
    });
    let reason = format!("it is the event {}", other.event_id);
    expected.push(Finding::WrongObject { raw_key: swapped.raw_key, reason });

    let unrecorded = stand::attempt(5, arrived);
    bench.raw_store().create(&unrecorded.claim(bucket), unrecorded.raw.clone()).await?;
    expected.push(Finding::MissingRecord { raw_key: unrecorded.raw_key });

    let twice = accepted(6).await?;
    let later = stand::attempt(6, stand::at("2025-12-30T20:15:35.580Z"));
    bench.raw_store().create(&later.claim(bucket), later.raw.clone()).await?;
    expected.push(Finding::SecondObject { raw_key: later.raw_key, recorded: twice.raw_key });

    let foreign = "raw/source=demo/notes.txt";
    bench.clients.s3.put_object().bucket(bucket).key(foreign).body(ByteStream::from_static(b"?")).send().await?;
    expected.push(Finding::ForeignObject { key: foreign.into() });

    let forged = accepted(7).await?;
    let set = |record: &Record, name: &str, value: AttributeValue| {
        let update = bench.clients.dynamodb.update_item().table_name(table);
        update
            .key("event_id", AttributeValue::S(record.event_id.to_string()))
            .key("kind", AttributeValue::S("EVENT".into()))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
    };
    set(&forged, "source", AttributeValue::S("another".into())).await?;
    expected.push(Finding::WrongRecord { event_id: forged.event_id });

    let unreadable = accepted(8).await?;
    set(&unreadable, "raw_size", AttributeValue::S("many".into())).await?;
    let unreadable = unreadable.event_id.to_string();

    let orphan = stand::attempt(9, arrived);
    let duplicate = Record { status: Status::Duplicate, ..orphan.claim(bucket) };
    bench.ledger().record_duplicate(&duplicate).await?;
    expected.push(Finding::DuplicateWithoutFirst { event_id: duplicate.event_id, receipt: duplicate.receipt });

    // Two claims that were never finished, one of which got as far as its object; and one that is under way.
    let mut claims = Vec::new();
    for (number, time, has_object) in
        [(10, ARRIVED, false), (11, ARRIVED, true), (12, "2025-12-29T21:00:00.000Z", false)]
    {
        let claim = stand::attempt(number, stand::at(time));
        let record = claim.claim(bucket);
        bench.ledger().claim(&record).await?;
        if has_object {
            bench.raw_store().create(&record, claim.raw.clone()).await?;
        }
        claims.push(record);
    }
    let pending = |record: &Record, has_object| Finding::Pending {
        event_id: record.event_id,
        raw_key: record.raw_key.clone(),
        ingest_time: record.ingest_time,
        has_object,
    };
    let repairable = pending(&claims[1], true);
    expected.push(pending(&claims[0], false));
    expected.push(repairable.clone());

    let before = "2025-12-29T20:59:00.000Z";
    let sorted = |mut findings: Vec<Finding>| {
        findings.sort_by_key(|finding| format!("{finding:?}"));
        findings
    };
    // The unreadable record is found on both walks, the second time as the record of its object: that one cannot be
    // compared word for word.
    let unread = |finding: &Finding| match finding {
        Finding::UnreadableRecord { reason } => reason.contains(&unreadable),
        _ => false,
    };
    let (unread_found, found): (Vec<_>, Vec<_>) =
        findings(notices(&bench, before, None).await?).into_iter().partition(unread);
    ensure!(unread_found.len() == 1, "{unread_found:?}");
    ensure!(sorted(found.clone()) == sorted(expected.clone()), "{found:#?}\n{expected:#?}");

    let receipt = Receipt::new("verify", stand::nonce(), 0);
    let repaired = notices(&bench, before, Some(receipt.clone())).await?;
    let finished: Vec<_> = repaired.iter().filter(|notice| matches!(notice, Notice::Repaired(_))).collect();
    let now = bench.store.find(&claims[1].event_id).await?;
    ensure!(now.as_ref().is_some_and(|now| now.status == Status::Accepted && now.receipt == receipt), "{now:?}");
    ensure!(finished == [&Notice::Repaired(now.unwrap())], "{finished:?}");
    expected.retain(|finding| *finding != repairable);
    let left = findings(notices(&bench, before, None).await?).into_iter().filter(|finding| !unread(finding));
    ensure!(sorted(left.collect()) == sorted(expected));

    let late = stand::attempt(11, IngestTime::from_unix_ms(arrived.unix_ms() + 1).unwrap());
    ensure!(bench.store.ingest(late).await?.status == Outcome::Duplicate);
    Ok(())
}
