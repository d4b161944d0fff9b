//! Time ranges of a type, of a source, of all; from either end.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use pik_core::{Investigate, Order, Outcome, Query, QueryError, Range, Record, Scope, Span};

use super::scene::Scene;
use super::walk::{same, same_by, same_set, walk, walk_while};
use crate::QueryBench;
use crate::sample::{Draft, Sample, later};

const ORDERS: [Order; 2] = [Order::Ascending, Order::Descending];
const STATUSES: [Option<Outcome>; 3] = [None, Some(Outcome::Accepted), Some(Outcome::Duplicate)];

/// Everything that is asked about arrives within these milliseconds behind the sample's midnight, and happened within as many
/// before it.
const WITHIN: i64 = 40_000;

/// What a range is asked for.
fn ask(scope: &Scope, span: Span, order: Order, status: Option<Outcome>) -> Query {
    Query::Range(Range { scope: scope.clone(), span, order, status })
}

fn spans(sample: Sample) -> Result<[Span; 2]> {
    let midnight = sample.midnight()?;
    let (from, to) = (later(midnight, -WITHIN)?.to_string().parse()?, midnight.to_string().parse()?);
    Ok([
        Span::EventTime { from: Some(from), to: Some(to) },
        Span::Arrival { from: midnight, to: later(midnight, WITHIN)? },
    ])
}

/// Two sources with two types each, of which one has the other's name; some events came again.
async fn arrive<B: QueryBench>(scene: &mut Scene<'_, B>) -> Result<Vec<Record>> {
    let (midnight, name) = (scene.sample.midnight()?, scene.sample.name());
    let streams = [("", "t"), ("", "u"), ("2", "t"), ("2", "t2")];
    let mut records = Vec::new();
    for nth in 0..30_usize {
        // In no order of event time, with an event time that some share.
        let number = nth * 7 % 30;
        let (source, event_type) = streams[number % 4];
        let draft = Draft {
            source: format!("{name}{source}"),
            event_type: event_type.to_owned(),
            event_time: later(midnight, -1_000 - (number as i64 / 3) * 1_000)?.to_string(),
            ..scene.sample.numbered(number)
        };
        let arrived = later(midnight, nth as i64 * 500)?;
        records.push(scene.arrive(&draft, arrived).await?);
        if number % 5 == 0 {
            records.push(scene.arrive(&draft, later(arrived, 20_000)?).await?);
        }
    }
    Ok(records)
}

fn sorted(records: &[Record], query: &Query, by: impl Fn(&Record) -> String, order: Order) -> Vec<Record> {
    let mut found: Vec<Record> = records.iter().filter(|record| query.asks_for(record)).cloned().collect();
    found.sort_by_key(|record| by(record));
    if order == Order::Descending {
        found.reverse();
    }
    found
}

fn time_of(span: Span) -> impl Fn(&Record) -> String {
    move |record| match span {
        Span::EventTime { .. } => record.event_time.sort_key().as_str().to_owned(),
        Span::Arrival { .. } => record.listed_time().to_string(),
    }
}

/// Checks an answer: the records, their times in order, and the same by pages of any size.
async fn expect<B: QueryBench>(bench: &B, query: &Query, span: Span, order: Order, all: &[Record]) -> Result<usize> {
    let by = time_of(span);
    let expected = sorted(all, query, &by, order);
    let whole = walk(bench, query, 1_000).await?;
    same_set(&whole, &expected)?;
    let times = |records: &[Record]| records.iter().map(&by).collect::<Vec<_>>();
    ensure!(times(&whole) == times(&expected), "{query:?}: {:?} instead of {:?}", times(&whole), times(&expected));
    if matches!(span, Span::Arrival { .. }) {
        // No two arrived at one moment.
        same(&whole, &expected)?;
    }
    same_by(bench, query, 3, &whole).await?;
    Ok(whole.len())
}

pub(crate) async fn scopes<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let records = arrive(&mut scene).await?;
    let (name, other) = (sample.name(), format!("{}2", sample.name()));
    let stream =
        |source: &str, event_type: &str| Scope::Stream { source: source.to_owned(), event_type: event_type.to_owned() };
    let scopes = [
        (Scope::All, 36),
        (Scope::Source { source: name.clone() }, 20),
        (Scope::Source { source: other.clone() }, 16),
        (stream(&name, "t"), 10),
        (stream(&other, "t2"), 8),
        (stream(&other, "u"), 0),
        (Scope::Source { source: format!("{name}3") }, 0),
    ];
    for span in spans(sample)? {
        for order in ORDERS {
            for status in STATUSES {
                for (scope, count) in &scopes {
                    let query = ask(scope, span, order, status);
                    let found = expect(bench, &query, span, order, &records).await?;
                    ensure!(status.is_some() || found == *count, "{query:?} has {found} records instead of {count}");
                }
            }
        }
    }
    Ok(())
}

/// From is included, to is excluded, to the nanosecond; without a bound there is none.
pub(crate) async fn bounds<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    let day = midnight.date().to_string();
    let mut records = Vec::new();
    for (number, time) in ["01:00:00Z", "01:00:00.000000001Z", "01:00:01Z"].iter().enumerate() {
        let draft = Draft { source: sample.name(), event_time: format!("{day}T{time}"), ..sample.numbered(number) };
        records.push(scene.arrive(&draft, later(midnight, number as i64)?).await?);
    }
    let scope = Scope::Source { source: sample.name() };
    let time = |text: &str| format!("{day}T{text}").parse();
    let far: [Option<pik_core::EventTime>; 4] =
        [None, Some(time("01:00:00Z")?), Some(time("01:00:00.000000001Z")?), Some(time("01:00:01Z")?)];
    for order in ORDERS {
        for (from, to) in far.iter().flat_map(|from| far.iter().map(move |to| (*from, *to))) {
            let span = Span::EventTime { from, to };
            let query = ask(&scope, span, order, None);
            expect(bench, &query, span, order, &records).await?;
        }
        for (from, to) in [(0, 1), (0, 2), (1, 2), (1, 1), (2, 9)] {
            let span = Span::Arrival { from: later(midnight, from)?, to: later(midnight, to)? };
            expect(bench, &ask(&Scope::All, span, order, None), span, order, &records).await?;
        }
    }
    Ok(())
}

/// An event that came again and again, among others: pages of every size end among its duplicates, from either end.
pub(crate) async fn duplicates<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    let mut records = Vec::new();
    for number in 0..4 {
        // Of different types, days and months, the last two at one moment.
        let draft = Draft {
            source: sample.name(),
            event_type: format!("t{}", number % 3),
            event_time: later(midnight, -1_000 - [80, 40, 1, 1][number] * 86_400_000)?.to_string(),
            ..sample.numbered(number)
        };
        for again in 0..[2, 9, 1, 3][number] {
            records.push(scene.arrive(&draft, later(midnight, (number * 100 + again) as i64)?).await?);
        }
    }
    let scope = Scope::Source { source: sample.name() };
    let span = Span::EventTime { from: None, to: Some(midnight.to_string().parse()?) };
    for order in ORDERS {
        for status in STATUSES {
            let query = ask(&scope, span, order, status);
            expect(bench, &query, span, order, &records).await?;
            let whole = walk(bench, &query, 1_000).await?;
            for limit in [1, 2, 5, whole.len()] {
                same_by(bench, &query, limit, &whole).await?;
            }
        }
    }
    Ok(())
}

/// A store that has no order by event time unless it is given one says how, and what to ask instead.
pub(crate) async fn without_index<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let records = arrive(&mut scene).await?;
    let [by_event_time, by_arrival] = spans(sample)?;
    let scope = Scope::Source { source: sample.name() };
    for order in ORDERS {
        for status in STATUSES {
            match bench.store().records(&ask(&scope, by_event_time, order, status), None, 10).await {
                Err(QueryError::Unanswered(instead)) => {
                    ensure!(instead.contains("by_event_time") && instead.contains("arrived_from"), "{instead}");
                }
                other => bail!("{other:?}"),
            }
        }
        expect(bench, &ask(&scope, by_arrival, order, None), by_arrival, order, &records).await?;
    }
    Ok(())
}

/// What arrives between two pages neither hides nor repeats what was there at the first.
pub(crate) async fn meanwhile<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    let scope = Scope::Source { source: sample.name() };
    let draft = |number: usize| -> Result<Draft> {
        let event_time = later(midnight, -1_000 - (number as i64 * 37 % 90) * 100)?.to_string();
        Ok(Draft { source: sample.name(), event_time, ..sample.numbered(number) })
    };
    let mut number = 0;
    for span in spans(sample)? {
        for order in ORDERS {
            let query = ask(&scope, span, order, None);
            for _ in 0..20 {
                scene.arrive(&draft(number)?, later(midnight, arrived(number))?).await?;
                number += 1;
            }
            let before = walk(bench, &query, 1_000).await?;
            let walked = walk_while(bench, &query, 3, async || {
                scene.arrive(&draft(number)?, later(midnight, arrived(number))?).await?;
                number += 1;
                Ok(())
            });
            let walked = walked.await?;
            let told: Vec<Record> = walked.iter().filter(|record| before.contains(record)).cloned().collect();
            same(&told, &before)?;
            let receipts: BTreeSet<_> = walked.iter().map(|record| &record.receipt).collect();
            ensure!(receipts.len() == walked.len(), "a record is told twice");
        }
    }
    Ok(())
}

/// Before and behind all that came.
fn arrived(number: usize) -> i64 {
    let step = number as i64 * 11;
    if number.is_multiple_of(2) { 20_000 + step } else { 20_000 - step }
}
