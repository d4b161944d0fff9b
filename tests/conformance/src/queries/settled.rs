//! Windows of arrivals that are settled never gain a record.
//!
//! These checks live in years before those of all others: a store that keeps the promise exactly moves what arrives before
//! the latest window that it called settled.

use anyhow::{Context, Result, ensure};
use futures_util::future::{join, join_all};
use pik_core::{Claim, IngestTime, Ledger, Outcome, Put, RawStore, Record, Store, Submission};

use super::arrivals::window;
use super::walk::{same, walk};
use crate::sample::{Sample, later};
use crate::{QueryBench, SplitBench};

/// Some clock of the store's hosts, in milliseconds since the check began. It steps back as far as every store must bear.
const NEAR: [i64; 9] = [0, 1_000, 90_000, 60_000, 200_000, 170_000, 165_000, 400_000, 365_000];
/// A clock that steps back as far as it likes.
const FAR: [i64; 9] = [0, 1_000, 200_000, 100, 500_000, 200_000, 0, 7_200_000, 600_000];
/// How old an arrival is when it comes into the store.
const AGES: [i64; 4] = [0, 7, 400, 5_000];

/// A time from which on nothing has arrived.
async fn beginning<B: QueryBench>(bench: &B, sample: Sample) -> Result<IngestTime> {
    const DAY_MS: i64 = 86_400_000;
    // From 1980 to 2007.
    let day = 3_653 + sample.midnight()?.unix_ms() / DAY_MS % 10_000;
    let time = IngestTime::from_unix_ms(day * DAY_MS).context("no such day")?;
    // What an earlier run called settled is not moved back.
    later(time.max(bench.store().settled_until(time).await?), DAY_MS)
}

/// Windows that were called settled, and what they held.
struct Told<'b, B> {
    bench: &'b B,
    start: IngestTime,
    windows: Vec<(IngestTime, Vec<Record>)>,
}

impl<'b, B: QueryBench> Told<'b, B> {
    fn new(bench: &'b B, start: IngestTime) -> Self {
        Self { bench, start, windows: Vec::new() }
    }

    async fn up_to(&self, until: IngestTime) -> Result<Vec<Record>> {
        walk(self.bench, &window(later(self.start, -60_000)?, until, None), 1_000).await
    }

    /// Takes note of what is settled while some host's clock shows `now`.
    async fn note(&mut self, now: IngestTime) -> Result<IngestTime> {
        let until = self.bench.store().settled_until(now).await?;
        if until > self.start {
            self.windows.push((until, self.up_to(until).await?));
        }
        Ok(until)
    }

    /// Checks that no window has changed.
    async fn stay(&self) -> Result<()> {
        for (until, records) in &self.windows {
            let now = self.up_to(*until).await?;
            same(&now, records).with_context(|| format!("the window that was settled until {until} changed"))?;
        }
        Ok(())
    }
}

pub(crate) async fn clock_steps_back<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    by_clock(bench, sample, &NEAR).await
}

pub(crate) async fn clock_steps_far_back<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    by_clock(bench, sample, &FAR).await
}

async fn by_clock<B: QueryBench>(bench: &B, sample: Sample, clock: &[i64]) -> Result<()> {
    let start = beginning(bench, sample).await?;
    let mut told = Told::new(bench, start);
    for (round, since) in clock.iter().enumerate() {
        let now = later(start, *since)?;
        for (nth, age) in AGES.iter().enumerate() {
            let number = round * AGES.len() + nth;
            // Every third one is a repetition.
            let draft = sample.numbered(if number % 3 == 2 { number - 1 } else { number });
            let submission = sample.arrival(number, &draft.body(), later(now, -age)?)?;
            let answer = bench.store().ingest(submission).await?;
            let (key, found) = (answer.raw_key, bench.store().find(&answer.event_id).await?);
            ensure!(found.is_some_and(|found| found.raw_key == key), "the answer's key is not the record's");
            told.stay().await?;
        }
        told.note(now).await?;
        told.stay().await?;
    }
    // Nothing is held back for ever.
    let until = told.note(later(start, 86_400_000)?).await?;
    let count = told.up_to(until).await?.len();
    ensure!(count == clock.len() * AGES.len(), "{count} records are settled in the end");
    Ok(())
}

/// Readers go from window to window while writers are at work.
pub(crate) async fn readers_beside_writers<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const WRITERS: usize = 8;
    const BATCHES: usize = 12;
    const EVENTS: usize = 10;
    let start = beginning(bench, sample).await?;
    let write = async |writer: usize| -> Result<()> {
        for batch in 0..BATCHES {
            // Read before the batch is committed, as hosts do, and not in the order of commits.
            let time = later(start, (batch * 50 + writer * 7) as i64)?;
            let submissions: Result<Vec<Submission>> = (0..EVENTS)
                .map(|event| (writer * BATCHES + batch) * EVENTS + event)
                .map(|number| sample.arrival(number, &sample.numbered(number).body(), time))
                .collect();
            for answer in bench.store().ingest_batch(submissions?).await {
                ensure!(answer?.status == Outcome::Accepted);
            }
        }
        Ok(())
    };
    let mut told = Told::new(bench, start);
    let read = async {
        for step in 0..60 {
            told.note(later(start, step * 10)?).await?;
        }
        anyhow::Ok(())
    };
    let (written, read) = join(join_all((0..WRITERS).map(write)), read).await;
    written.into_iter().collect::<Result<()>>()?;
    read?;
    told.stay().await?;
    let until = told.note(later(start, 86_400_000)?).await?;
    let count = told.up_to(until).await?.len();
    ensure!(count == WRITERS * BATCHES * EVENTS, "{count} records are settled in the end");
    Ok(())
}

/// What was called settled before a restart stays so, whatever the clock says then.
pub(crate) async fn after_reopening<B: QueryBench>(bench: &mut B, sample: Sample) -> Result<()> {
    let start = beginning(bench, sample).await?;
    for round in 0..3 {
        let ingest = async |bench: &B, number: usize, time| {
            bench.store().ingest(sample.arrival(number, &sample.numbered(number).body(), time)?).await?;
            anyhow::Ok(())
        };
        let now = later(start, 10_000 - round)?;
        ingest(bench, 2 * round as usize, now).await?;
        let until = bench.store().settled_until(later(start, 20_000)?).await?;
        let begin = later(start, -1_000)?;
        let before = walk(bench, &window(begin, until, None), 1_000).await?;
        bench.reopen().await?;
        ingest(bench, 2 * round as usize + 1, now).await?;
        let after = walk(bench, &window(begin, until, None), 1_000).await?;
        same(&after, &before).with_context(|| format!("restart {round}"))?;
    }
    Ok(())
}

/// An attempt dies after its claim, or after its put. Another finishes it when windows have been read that end behind the
/// claim's time.
pub(crate) async fn claim_finished_later<B: QueryBench + SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let start = beginning(bench, sample).await?;
    for (round, with_object) in [false, true].into_iter().enumerate() {
        let start = later(start, round as i64 * 1_000_000)?;
        let mut told = Told::new(bench, start);
        let body = sample.numbered(round).body();
        let died = sample.arrival(2 * round, &body, start)?;
        let claim = died.claim(bench.ledger().raw_bucket());
        ensure!(bench.ledger().claim(&claim).await? == Claim::New);
        if with_object {
            ensure!(bench.raw_store().create(&claim, died.raw.clone()).await? == Put::Created);
        }
        told.note(later(start, 70_000)?).await?;
        ensure!(told.windows.len() == 1, "a claim that died holds arrivals back");

        let finished = later(start, 80_000)?;
        bench.clock().set(finished);
        let answer = bench.store().ingest(sample.arrival(2 * round + 1, &body, finished)?).await;
        bench.clock().reset();
        ensure!(answer?.status == Outcome::Accepted);
        told.stay().await?;
        let records = told.up_to(later(finished, 1)?).await?;
        ensure!(
            records.len() == 1 && records[0].ingest_time == start && records[0].listed_time() == finished,
            "it is listed as {records:?}"
        );
    }
    Ok(())
}

/// An attempt takes long: its put, or its first look, comes back when windows have been read that end behind its time.
pub(crate) async fn slow_attempt<B: QueryBench + SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let start = beginning(bench, sample).await?;
    let mut told = Told::new(bench, start);
    for (nth, (began, ended)) in [(0, 100_000), (1_000, 200_000)].into_iter().enumerate() {
        let ended = later(start, ended)?;
        told.note(ended).await?;
        bench.clock().set(ended);
        let submission = sample.arrival(nth, &sample.draft().body(), later(start, began)?)?;
        let answer = bench.store().ingest(submission.clone()).await;
        bench.clock().reset();
        ensure!(answer?.ingest_lag_ms == submission.ingest_lag_ms, "the answer has another lag than the occurrence");
        told.stay().await?;
        let records = told.up_to(later(ended, 1)?).await?;
        let last = records.last().context("it is not listed")?;
        ensure!(
            records.len() == nth + 1 && last.receipt == submission.receipt && last.listed_time() == ended,
            "listed are {records:?}"
        );
    }
    Ok(())
}
