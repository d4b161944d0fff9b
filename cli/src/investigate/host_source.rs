//! Answers of a host, over its HTTP API.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use pik_client::Client;
use pik_core::{
    Bucket, EventId, IngestTime, Outcome, Page, Position, Query, RawKey, Record, RejectedHour, RejectedHours,
    RejectionQuery, RejectionRecord, StatsQuery, Stream,
};

use super::left_out::LeftOut;
use super::settled::Settled;
use super::source::{Source, each_page};

/// How many records are asked for at once.
const PAGE: usize = 1_000;
const A_DAY: Duration = Duration::from_secs(86_400);
/// How many requests for raw objects are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// A host.
pub(crate) struct HostSource {
    host: Client,
}

impl HostSource {
    pub(crate) fn new(host: Client) -> Self {
        Self { host }
    }
}

impl Source for HostSource {
    fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>> {
        // A host takes a window in which nothing lies for a mistake.
        if query.arrivals().is_some_and(|(from, to)| from >= to) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        onward(self.host.records(query, after, limit).with_context(|| self.asked())?.page, after)
    }

    fn settled_until(&self, arrivals: &Query) -> Result<IngestTime> {
        self.await_arrivals(arrivals, Duration::ZERO)
    }

    fn await_arrivals(&self, arrivals: &Query, wait: Duration) -> Result<IngestTime> {
        let found = self.host.wait_for_records(arrivals, 1, wait).with_context(|| self.asked())?;
        found.settled_until.with_context(|| {
            format!("{} does not say until when arrivals are settled; its program is too old", self.host.url())
        })
    }

    fn find(&self, id: &EventId) -> Result<Option<Record>> {
        self.host.event(id).with_context(|| self.asked())
    }

    fn lookup(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>> {
        self.host.lookup(ids).with_context(|| self.asked())
    }

    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>> {
        self.host.stats(query).with_context(|| self.asked())
    }

    fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>> {
        onward(self.host.streams(after, limit).with_context(|| self.asked())?, after)
    }

    fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<RejectionRecord>> {
        onward(self.host.rejections(query, after, limit).with_context(|| self.asked())?, after)
    }

    fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>> {
        self.host.rejected_hours(query).with_context(|| self.asked())
    }

    fn each_key(&self, take: &mut dyn FnMut(Vec<RawKey>) -> Result<()>) -> Result<Option<LeftOut>> {
        // One question for all pages. It ends tomorrow, as no clock is that far ahead: a host may have to look into
        // each day of a window.
        let tomorrow = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")? + A_DAY;
        let to = i64::try_from(tomorrow.as_millis()).ok().and_then(IngestTime::from_unix_ms);
        let (Some(from), Some(to)) = (IngestTime::from_unix_ms(0), to) else {
            bail!("the clock stands behind the year 9999")
        };
        let ever = Query::Arrivals { from, to, status: Some(Outcome::Accepted) };
        let Settled { query, left_out } = Settled::of(ever, self)?;
        each_page(
            |after| self.records(&query, after, PAGE),
            |records| take(records.into_iter().map(|record| record.raw_key).collect()),
        )?;
        Ok(left_out)
    }

    // Each is a request: more at once would only take longer until anybody hears of them.
    fn best_together(&self) -> usize {
        PAGE
    }

    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let share = keys.len().div_ceil(SIDE_BY_SIDE).max(1);
        let raw = |keys: &[RawKey]| {
            let ids: Vec<EventId> = keys.iter().map(|key| key.partition().event_id).collect();
            self.host.raw_many(&ids).with_context(|| self.asked())
        };
        let shares: Vec<Result<Vec<Option<Vec<u8>>>>> = thread::scope(|scope| {
            let asked: Vec<_> = keys.chunks(share).map(|keys| scope.spawn(move || raw(keys))).collect();
            // A panic there is one here.
            asked
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut contents = Vec::with_capacity(keys.len());
        for share in shares {
            contents.append(&mut share?);
        }
        Ok(contents)
    }
}

/// A page that does not lead back to itself: whoever walks over pages would never end.
fn onward<T>(page: Page<T>, after: Option<&Position>) -> Result<Page<T>> {
    match &page.next {
        Some(next) if after == Some(next) => {
            bail!("a page leads back to itself, at the cursor `{}`; this is a defect of the host", next.as_str())
        }
        Some(_) | None => Ok(page),
    }
}

impl HostSource {
    fn asked(&self) -> String {
        format!("cannot ask {}", self.host.url())
    }
}
