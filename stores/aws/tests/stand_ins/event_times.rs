//! Ranges of event times: over more events, days and types than a page or a question takes, and through the command line.

use std::num::NonZeroU16;

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_aws::{S3RawStore, Settings};
use pik_core::{
    Event, EventTime, Investigate, Order, Query, QueryError, Range, Receipt, Record, Scope, Span, Store, Submission,
};

use crate::bench::AwsBench;
use crate::cli::{Pik, six_events};
use crate::stand;

const ORDERS: [Order; 2] = [Order::Ascending, Order::Descending];

/// One shard: a day without events then costs one query, and not sixteen.
fn settings(test: &str) -> Result<Settings> {
    Ok(Settings { shards: NonZeroU16::MIN, ..stand::settings(test)? })
}

fn submission(source: &str, event_type: &str, number: usize, event_time: &EventTime) -> Submission {
    let body = format!(
        r#"{{"source":"{source}","event_type":"{event_type}","entity_id":"e","event_time":"{event_time}","payload":{number}}}"#
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, stand::at("2025-12-29T08:00:00.000Z"), Receipt::new("r", stand::nonce(), 0))
}

async fn ingest(bench: &AwsBench, submissions: Vec<Submission>) -> Result<()> {
    for answer in bench.store.ingest_batch(submissions).await {
        answer?;
    }
    Ok(())
}

/// `seconds` after the beginning of 2025.
fn time(seconds: i64) -> EventTime {
    EventTime::from_unix(1_735_689_600 + seconds, 0).unwrap()
}

fn range(scope: Scope, from: Option<EventTime>, to: Option<EventTime>, order: Order) -> Query {
    Query::Range(Range { scope, span: Span::EventTime { from, to }, order, status: None })
}

/// All records of a query, and how many pages there were.
async fn walk(bench: &AwsBench, query: &Query, limit: usize) -> Result<(Vec<Record>, usize)> {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = bench.store.records(query, after.as_ref(), limit).await?;
        pages += 1;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok((found, pages));
        }
        ensure!(pages < 1_000, "no end");
    }
}

/// Whether each event is there once, in order.
fn is_whole(found: &[Record], count: usize, order: Order) -> Result<()> {
    let mut ids: Vec<_> = found.iter().map(|record| record.event_id).collect();
    ids.sort();
    ids.dedup();
    ensure!(found.len() == count && ids.len() == count, "{} records of {} events", found.len(), ids.len());
    let in_order = |one: &Record, next: &Record| match order {
        Order::Ascending => one.event_time <= next.event_time,
        Order::Descending => one.event_time >= next.event_time,
    };
    ensure!(found.windows(2).all(|pair| in_order(&pair[0], &pair[1])));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn pages_over_many_events_days_and_types_are_one_list() -> Result<()> {
    let bench = AwsBench::indexed(settings("times-many")?).await?;
    // Three types through two days, all in between each other.
    let busy = |number: usize| submission("busy", &format!("t{}", number % 3), number, &time(number as i64 * 140));
    ingest(&bench, (0..1_200).map(busy).collect()).await?;
    for order in ORDERS {
        let query = range(Scope::Source { source: "busy".into() }, None, Some(time(10_000_000)), order);
        let (found, pages) = walk(&bench, &query, 500).await?;
        is_whole(&found, 1_200, order)?;
        ensure!(pages == 3, "{pages} pages");
    }

    // An event a day, for more days than a page looks into.
    let slow = |day: usize| submission("slow", "t", day, &time(day as i64 * 86_400 + 1));
    ingest(&bench, (0..130).map(slow).collect()).await?;
    let of_slow = |order| {
        let scope = Scope::Stream { source: "slow".into(), event_type: "t".into() };
        range(scope, Some(time(86_400)), None, order)
    };
    for order in ORDERS {
        let (found, pages) = walk(&bench, &of_slow(order), 1_000).await?;
        is_whole(&found, 129, order)?;
        ensure!(pages == 2, "{pages} pages");
    }

    // With two types of before, there are a hundred and one.
    let all = range(Scope::All, Some(time(0)), Some(time(86_400)), Order::Ascending);
    let many = |from: usize, to: usize| (from..to).map(|number| submission("many", &format!("t{number}"), 0, &time(5)));
    ingest(&bench, many(0, 96).collect()).await?;
    is_whole(&walk(&bench, &all, 1_000).await?.0, 618 + 1 + 96, Order::Ascending)?;
    ingest(&bench, many(96, 97).collect()).await?;
    match bench.store.records(&all, None, 10).await {
        Err(QueryError::Unanswered(told)) => ensure!(told.contains("more than 100 types"), "{told}"),
        other => anyhow::bail!("{other:?}"),
    }
    is_whole(&walk(&bench, &of_slow(Order::Ascending), 1_000).await?.0, 129, Order::Ascending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn from_the_latest_end_days_are_listed_up_to_a_bound() -> Result<()> {
    const FOLDERS: usize = 4_001;
    let bench = AwsBench::indexed(settings("times-days")?).await?;
    let scope = Scope::Stream { source: "s".into(), event_type: "t".into() };
    let day = |number: usize| time(number as i64 * 86_400 + 1);
    ingest(&bench, vec![submission("s", "t", 0, &day(0)), submission("s", "t", 1, &day(FOLDERS - 1))]).await?;
    let objects = S3RawStore::new(&bench.clients, &bench.settings);
    let put = async |number: usize| {
        let key = submission("s", "t", number, &day(number)).claim("raw").raw_key;
        objects.put(key.as_str(), Bytes::from_static(b"{}"), []).await.map(drop)
    };
    stream::iter((1..FOLDERS - 1).map(put)).buffer_unordered(32).try_collect::<()>().await?;

    let (found, pages) = walk(&bench, &range(scope.clone(), Some(day(0)), None, Order::Ascending), 10).await?;
    is_whole(&found, 2, Order::Ascending)?;
    ensure!(pages == 41, "{pages} pages");
    match bench.store.records(&range(scope.clone(), None, Some(day(9_000)), Order::Descending), None, 10).await {
        Err(QueryError::Unanswered(told)) => ensure!(told.contains("give a later `from`"), "{told}"),
        other => anyhow::bail!("{other:?}"),
    }
    // Fewer of them are read to the end.
    let back = range(scope, Some(day(20)), None, Order::Descending);
    let page = bench.store.records(&back, None, 10).await?;
    ensure!(page.items.len() == 1 && page.next.is_some(), "{page:?}");
    ensure!(page.items[0].event_time == day(FOLDERS - 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn the_command_line_asks_for_ranges_of_event_times() -> Result<()> {
    let bench = AwsBench::made(stand::settings("times-cli")?).await?;
    let pik = Pik::on(&bench.settings)?;
    six_events(&bench).await?;
    let day = ["--from", "2025-12-28T01:00:00Z", "--until", "2025-12-29"];
    let asked = |command: &[&'static str]| [command, &day[..]].concat();
    let refused = pik.run(&asked(&["events", "--source", "app"])).await?;
    ensure!(refused.code == 1 && refused.err.contains("pik init --store aws --event-time-index"), "{refused:?}");

    let made = pik.good(&["init", "--event-time-index"]).await?;
    ensure!(made.contains("table index `by_event_time`, which DynamoDB now fills: created"), "{made}");
    for selection in [&["events", "--json"][..], &["events", "--json", "--desc", "--source", "app"]] {
        let lines = pik.good(&asked(selection)).await?;
        ensure!(lines.lines().count() == 5, "{lines}");
    }
    let first = pik.good(&["events", "--json", "--until", "2025-12-28T01:00:00Z"]).await?;
    ensure!(
        first.lines().filter(|line| line.contains("DUPLICATE")).count() == 2 && first.lines().count() == 3,
        "{first}"
    );
    let replayed = pik.good(&asked(&["replay", "--to", "-"])).await?;
    ensure!(replayed.lines().count() == 5, "{replayed}");
    let lake = pik.path("lake");
    let exported = pik.good(&[&["export", "--to", &lake, "--source", "app"][..], &day].concat()).await?;
    ensure!(exported.starts_with("new 5,"), "{exported}");
    // Without an end, and over types that are merged.
    let (found, _) = walk(&bench, &range(Scope::All, Some(time(0)), None, Order::Descending), 3).await?;
    ensure!(found.len() == 8);
    Ok(())
}
