//! Asking for page after page.

use anyhow::{Context, Result, bail, ensure};
use pik_core::{Investigate, Query, QueryError, Record};

use crate::QueryBench;

/// More pages than any check has records.
const MOST_PAGES: usize = 2_000;

/// All records of a query, `limit` a page. What was seen between two pages is up to `meanwhile`, which is awaited there.
pub(crate) async fn walk_while<B: QueryBench>(
    bench: &B,
    query: &Query,
    limit: usize,
    mut meanwhile: impl AsyncFnMut() -> Result<()>,
) -> Result<Vec<Record>> {
    let mut all = Vec::new();
    let mut after = None;
    for page_number in 1..=MOST_PAGES {
        let page = match bench.store().records(query, after.as_ref(), limit).await {
            Ok(page) => page,
            Err(QueryError::Position) => bail!("page {page_number} by {limit}: the store refuses its own position"),
            Err(error @ (QueryError::Store(_) | QueryError::Unanswered(_))) => return Err(error.into()),
        };
        let count = page.items.len();
        ensure!(count <= limit, "page {page_number} by {limit} has {count} records");
        ensure!(
            count > 0 || after.is_none(),
            "page {page_number} by {limit} is empty, and the one before not the last"
        );
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        ensure!(count == limit, "page {page_number} by {limit} has {count} records and is not the last");
        after = Some(next);
        meanwhile().await?;
    }
    bail!("{MOST_PAGES} pages by {limit} and no end")
}

/// All records of a query, `limit` a page.
pub(crate) async fn walk<B: QueryBench>(bench: &B, query: &Query, limit: usize) -> Result<Vec<Record>> {
    walk_while(bench, query, limit, async || Ok(())).await
}

/// Checks that a query has these records, in this order, by pages of several sizes, and no page for nothing.
pub(crate) async fn expect<B: QueryBench>(bench: &B, query: &Query, expected: &[Record]) -> Result<()> {
    let whole = walk(bench, query, expected.len() + 10).await?;
    same(&whole, expected)?;
    for limit in [expected.len(), 1, 2, 3].into_iter().filter(|limit| (1..=expected.len()).contains(limit)) {
        same_by(bench, query, limit, &whole).await?;
    }
    Ok(())
}

/// Checks that pages of this size are `whole` cut apart.
pub(crate) async fn same_by<B: QueryBench>(bench: &B, query: &Query, limit: usize, whole: &[Record]) -> Result<()> {
    same(&walk(bench, query, limit).await?, whole).with_context(|| format!("by pages of {limit}"))
}

/// Checks that these are those, in their order.
pub(crate) fn same(found: &[Record], expected: &[Record]) -> Result<()> {
    let Some(place) = (0..found.len().max(expected.len())).find(|place| found.get(*place) != expected.get(*place))
    else {
        return Ok(());
    };
    let at_place = |records: &[Record]| records.get(place).map_or("nothing".to_owned(), told);
    bail!(
        "{} records instead of {}; number {place} is {} instead of {}",
        found.len(),
        expected.len(),
        at_place(found),
        at_place(expected)
    )
}

/// Checks that these are those, in whatever order.
pub(crate) fn same_set(found: &[Record], expected: &[Record]) -> Result<()> {
    let sorted = |records: &[Record]| {
        let mut records = records.to_vec();
        records.sort_by(|one, other| one.receipt.cmp(&other.receipt));
        records
    };
    same(&sorted(found), &sorted(expected))
}

/// Enough of a record to tell it from others.
pub(crate) fn told(record: &Record) -> String {
    let Record { event_id, event_time, ingest_time, ingest_lag_ms, status, .. } = record;
    let (status, id) = (status.as_str(), &event_id.to_string()[..8]);
    format!("{status} {id}… of {event_time} arrived {ingest_time} late {ingest_lag_ms}")
}
