//! What a question costs, counted: the read units of every query it sends. And where a page stops that finds nothing.

use anyhow::{Context, Result, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_aws::{AwsStore, Settings};
use pik_conformance::SplitBench;
use pik_core::{
    BucketWidth, Claim, Commit, Event, EventId, Investigate, Ledger, Order, Outcome, Page, Position, Query, Range,
    RawStore, Receipt, Record, Scope, Span, StatsQuery, Status, Submission,
};

use crate::bench::AwsBench;
use crate::proxy::{Exchange, Proxy, Service};
use crate::stand;
use crate::units::{read_units, size};

/// The settings' own.
const SHARDS: f64 = 16.0;
/// Of one entity, type, day and hour of arrival: more than a page looks at.
const EVENTS: u64 = 1_050;
/// Of the last of them by event time.
const DUPLICATES: u64 = 120;
/// A page, as hosts ask for it unless told otherwise.
const PAGE: usize = 100;
/// How many days of arrivals a page looks into.
const DAYS: usize = 100;

struct Scene {
    store: AwsStore,
    dynamodb: Proxy,
    last: EventId,
    /// The largest item.
    whole: usize,
}

/// A second of the day for each event, and half an hour later for its arrival.
fn submission(number: u64, arrived: &str) -> Submission {
    let (minute, second) = (number / 60, number % 60);
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"busy","event_time":"2025-12-28T12:{minute:02}:{second:02}Z","payload":{{"steps":{number}}}}}"#
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, stand::at(arrived), Receipt::new("f47ac10b-58cc-4372-a567-0e02b2c3d479", stand::nonce(), 0))
}

/// Records alone: questions read no objects. One is there, to say that there are events of the day.
async fn scene(test: &str) -> Result<Scene> {
    let straight = stand::settings(test)?;
    let bench = AwsBench::indexed(straight.clone()).await?;
    let of = |submission: &Submission, status| Record { status, ..submission.claim(&straight.bucket) };
    let ledger = bench.ledger();
    let first = async |number: u64| -> Result<()> {
        let submission = submission(number, "2025-12-29T08:00:00.000Z");
        ensure!(ledger.claim(&of(&submission, Status::Pending)).await? == Claim::New);
        ensure!(ledger.commit(&of(&submission, Status::Accepted)).await? == Commit::Done);
        Ok(())
    };
    stream::iter((0..EVENTS).map(first)).buffer_unordered(16).try_collect::<()>().await?;
    let one = submission(0, "2025-12-29T08:00:00.000Z");
    bench.raw_store().create(&of(&one, Status::Pending), one.raw.clone()).await?;
    let later = async |_| -> Result<()> {
        let submission = submission(EVENTS - 1, "2025-12-29T09:00:00.000Z");
        Ok(ledger.record_duplicate(&of(&submission, Status::Duplicate)).await?)
    };
    stream::iter((0..DUPLICATES).map(later)).buffer_unordered(16).try_collect::<()>().await?;

    let last = submission(EVENTS - 1, "2025-12-29T08:00:00.000Z").event_id;
    let dynamodb = Proxy::before(Service::DynamoDb, straight.dynamodb_endpoint.as_deref().unwrap_or_default()).await?;
    let through = Settings { dynamodb_endpoint: Some(dynamodb.url.clone()), ..straight };
    let store = stand::open(through).await?;
    dynamodb.meter();
    let mut scene = Scene { store, dynamodb, last, whole: 0 };
    let (_, exchanges) = scene.ask(&Query::Duplicates { event_id: last }, None, PAGE).await?;
    let items = exchanges.iter().flat_map(|exchange| exchange.answer["Items"].as_array().into_iter().flatten());
    scene.whole = items.map(size).max().context("no item")?;
    Ok(scene)
}

impl Scene {
    async fn ask(
        &self,
        query: &Query,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<(Page<Record>, Vec<Exchange>)> {
        let page = self.store.records(query, after, limit).await?;
        Ok((page, self.dynamodb.take_exchanges()))
    }

    /// What a whole page costs, which must be at most `bound`.
    async fn page(&self, name: &str, query: &Query, bound: f64) -> Result<()> {
        let (page, exchanges) = self.ask(query, None, PAGE).await?;
        ensure!(page.items.len() == PAGE, "{name}: {} records", page.items.len());
        self.within(name, &exchanges, bound)
    }

    fn within(&self, name: &str, exchanges: &[Exchange], bound: f64) -> Result<()> {
        ensure!(exchanges.iter().all(|exchange| exchange.call == "Query" && exchange.status == 200));
        let units: f64 = exchanges.iter().map(|exchange| read_units(exchange, self.whole)).sum();
        println!("{name}: {units} read units, {} queries, at most {bound}", exchanges.len());
        ensure!(units <= bound, "{name}: {units} read units, more than {bound}");
        Ok(())
    }
}

fn entity(status: Option<Outcome>) -> Query {
    Query::Entity { entity_id: "busy".into(), from: None, to: None, status }
}

fn arrivals(from: &str, to: &str, status: Option<Outcome>) -> Query {
    Query::Arrivals { from: stand::at(from), to: stand::at(to), status }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn a_question_costs_what_is_written_down() -> Result<()> {
    let scene = scene("reads").await?;
    // Of n records with a little over 1 KiB each, a quarter of a unit each, and half of that unless strongly consistent.
    let n = (PAGE + 1) as f64;
    let read = n * scene.whole as f64 / 4096.0;
    // A page by shards reads some more of each, so that the share of none is too small.
    let sharded = (n * 1.5 + 5.0 * SHARDS) * scene.whole as f64 / 8192.0 + SHARDS / 2.0;

    scene.page("by entity", &entity(None), read / 2.0 + 1.0 + n / 2.0).await?;
    scene.page("by entity, ACCEPTED", &entity(Some(Outcome::Accepted)), read / 2.0 + 1.0).await?;
    let by_lag = Query::Lag {
        source: "demo".into(),
        event_type: "heartbeat".into(),
        event_date: "2025-12-28T00:00:00Z".parse()?,
        min_lag_ms: None,
    };
    scene.page("by lag", &by_lag, sharded).await?;
    let day = arrivals("2025-12-29T00:00:00.000Z", "2025-12-30T00:00:00.000Z", None);
    scene.page("by arrival, one day", &day, sharded).await?;
    let week = arrivals("2025-12-23T00:00:00.000Z", "2025-12-30T00:00:00.000Z", None);
    scene.page("by arrival, the seventh day", &week, sharded + 6.0 * SHARDS / 2.0).await?;
    let of_day = |status| {
        let span =
            Span::EventTime { from: Some("2025-12-28T00:00:00Z".parse()?), to: Some("2025-12-30T00:00:00Z".parse()?) };
        let scope = Scope::Stream { source: "demo".into(), event_type: "heartbeat".into() };
        Ok::<_, anyhow::Error>(Query::Range(Range { scope, span, order: Order::Ascending, status }))
    };
    scene.page("by event time", &of_day(None)?, sharded + n / 2.0).await?;
    scene.page("by event time, ACCEPTED", &of_day(Some(Outcome::Accepted))?, sharded).await?;
    scene.page("duplicates", &Query::Duplicates { event_id: scene.last }, read + 1.0).await?;

    let (from, to) = ("2025-12-27T00:00:00Z".parse()?, "2025-12-29T00:00:00Z".parse()?);
    let buckets = scene.store.stats(&StatsQuery::new("demo", "heartbeat", from, to, BucketWidth::Day)).await?;
    ensure!(buckets.iter().map(|bucket| (bucket.accepted, bucket.duplicate)).eq([(0, 0), (EVENTS, DUPLICATES)]));
    // Two partitions a shard and day, half a unit begun in each, and every occurrence of the day.
    let occurrences = (EVENTS + DUPLICATES) as f64 * scene.whole as f64 / 8192.0;
    scene.within("stats, two days", &scene.dynamodb.take_exchanges(), 2.0 * SHARDS * 2.0 / 2.0 + occurrences)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn a_page_that_finds_nothing_stops() -> Result<()> {
    let scene = scene("stops").await?;

    // Days without arrivals.
    let ever = arrivals("2025-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", None);
    let (page, exchanges) = scene.ask(&ever, None, PAGE).await?;
    ensure!(page.items.is_empty() && page.next.is_some());
    ensure!(exchanges.len() == DAYS * SHARDS as usize, "{} queries", exchanges.len());
    scene.within("nothing in 100 days", &exchanges, DAYS as f64 * SHARDS / 2.0)?;
    let mut after = page.next;
    let mut pages = 1;
    let found = loop {
        let (page, _) = scene.ask(&ever, after.as_ref(), PAGE).await?;
        pages += 1;
        after = page.next;
        if !page.items.is_empty() {
            break page.items;
        }
    };
    // 29 December is the 363rd day.
    ensure!(pages == 4 && found.len() == PAGE, "{} records on page {pages}", found.len());

    // Records of another status. The duplicates are the last of all.
    let day = arrivals("2025-12-29T00:00:00.000Z", "2025-12-30T00:00:00.000Z", Some(Outcome::Duplicate));
    for (name, query) in [("by arrival", day), ("by entity", entity(Some(Outcome::Duplicate)))] {
        let (first, exchanges) = scene.ask(&query, None, PAGE).await?;
        ensure!(first.items.is_empty() && first.next.is_some(), "{name}");
        // By entity, the duplicates of each event are looked up, too.
        let all_events = EVENTS as f64 * scene.whole as f64 / 8192.0;
        scene.within(
            &format!("{name}, DUPLICATE, none of 1,000"),
            &exchanges,
            all_events + EVENTS as f64 / 2.0 + 50.0,
        )?;
        let (mut found, mut after) = (Vec::new(), first.next);
        while let Some(position) = after {
            let (page, _) = scene.ask(&query, Some(&position), PAGE).await?;
            found.extend(page.items);
            after = page.next;
        }
        ensure!(found.len() as u64 == DUPLICATES, "{name}: {} duplicates", found.len());
        ensure!(found.iter().all(|record| record.status == Status::Duplicate && record.event_id == scene.last));
        let mut receipts: Vec<_> = found.iter().map(|record| &record.receipt).collect();
        receipts.sort();
        receipts.dedup();
        ensure!(receipts.len() as u64 == DUPLICATES, "{name}: a duplicate came twice");
    }
    Ok(())
}
