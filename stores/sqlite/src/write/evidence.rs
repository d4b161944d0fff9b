//! Evidence of what was refused, on its way into the file: written a little at a time, so that no ingest waits for it.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_channel::oneshot;
use pik_core::{
    CountedUnder, Evidence, KeptBody, MAX_LISTED_REJECTED_STREAMS, MAX_REJECTED_STREAMS, NotKept, Refusals,
    RejectionRecord, StoreError,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::db::rejections as sql;
use crate::error::store_error;

const MS_PER_HOUR: i64 = 3_600_000;

/// Evidence with the way back to its host.
pub(crate) struct Keep {
    pub(crate) evidence: Arc<Evidence>,
    pub(crate) host: oneshot::Sender<Result<(), NotKept>>,
}

/// Evidence that waits, and how much of it is in the file.
struct Waiting {
    keep: Keep,
    counts: usize,
    records: usize,
    is_within_bounds: bool,
}

impl Waiting {
    fn is_done(&self) -> bool {
        let Evidence { records, counts, .. } = &*self.keep.evidence;
        self.counts == counts.len() && self.records == records.len() && self.is_within_bounds
    }

    fn rest(&self) -> Evidence {
        let Evidence { records, counts, bounds, now } = &*self.keep.evidence;
        Evidence {
            records: records[self.records..].to_vec(),
            counts: counts.iter().skip(self.counts).map(|(under, refusals)| (under.clone(), *refusals)).collect(),
            bounds: *bounds,
            now: *now,
        }
    }
}

/// What all records take.
#[derive(Clone, Copy)]
struct Totals {
    records: usize,
    bytes: usize,
}

/// What one transaction has done, until it is committed.
#[derive(Clone, Copy, Default)]
struct Step {
    counts: usize,
    records: usize,
    is_within_bounds: bool,
}

/// Writes evidence within the writer's transactions.
#[derive(Default)]
pub(super) struct Keeper {
    waiting: VecDeque<Waiting>,
    step: Option<Step>,
    // Read from the file when they are needed and not known.
    totals: Option<Totals>,
    streams_of_hour: Option<(i64, usize)>,
}

impl Keeper {
    pub(super) fn add(&mut self, keep: Keep) {
        self.waiting.push_back(Waiting { keep, counts: 0, records: 0, is_within_bounds: false });
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes at most so many rows, in the transaction that is open. A failure undoes them alone.
    pub(super) fn write(&mut self, connection: &Connection, rows: usize) -> rusqlite::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        connection.execute_batch("SAVEPOINT evidence")?;
        let written = self.write_rows(connection, rows);
        if let Err(error) = &written {
            self.fail(&store_error(error));
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK TO evidence")?;
            }
        }
        if !connection.is_autocommit() {
            connection.execute_batch("RELEASE evidence")?;
        }
        written
    }

    /// The transaction is committed.
    pub(super) fn committed(&mut self) {
        let Some(step) = self.step.take() else { return };
        let Some(front) = self.waiting.front_mut() else { return };
        front.counts += step.counts;
        front.records += step.records;
        front.is_within_bounds = step.is_within_bounds;
        if front.is_done()
            && let Some(Waiting { keep, .. }) = self.waiting.pop_front()
        {
            // The host may have given up waiting.
            let _ = keep.host.send(Ok(()));
        }
    }

    /// The transaction is lost. All that waits goes back to its host, which tries again later.
    pub(super) fn fail(&mut self, error: &StoreError) {
        *self = Self { waiting: std::mem::take(&mut self.waiting), ..Self::default() };
        for waiting in self.waiting.drain(..) {
            let rest = waiting.rest();
            let _ = waiting.keep.host.send(Err(NotKept { error: error.clone(), rest }));
        }
    }

    fn write_rows(&mut self, connection: &Connection, rows: usize) -> rusqlite::Result<()> {
        let Some(front) = self.waiting.front() else { return Ok(()) };
        let evidence = Arc::clone(&front.keep.evidence);
        let (counts_done, records_done) = (front.counts, front.records);
        let now_ms = evidence.now.unix_ms();
        let mut step = Step::default();
        for (under, refusals) in evidence.counts.iter().skip(counts_done).take(rows) {
            self.count(connection, under, *refusals, now_ms)?;
            step.counts += 1;
        }
        for record in evidence.records.iter().skip(records_done).take(rows - step.counts) {
            self.record(connection, record)?;
            step.records += 1;
        }
        // What is removed costs as what is added, so it has as many rows again.
        step.is_within_bounds = self.evict(connection, &evidence, rows)?;
        self.step = Some(step);
        Ok(())
    }

    fn totals(&mut self, connection: &Connection) -> rusqlite::Result<&mut Totals> {
        let totals = match self.totals {
            Some(totals) => totals,
            None => connection.query_row(sql::TOTALS, [], |row| {
                Ok(Totals { records: size(row.get(0)?), bytes: size(row.get(1)?) })
            })?,
        };
        Ok(self.totals.insert(totals))
    }

    fn record(&mut self, connection: &Connection, record: &RejectionRecord) -> rusqlite::Result<()> {
        let key = record.key();
        let found = connection
            .prepare_cached(sql::FIND)?
            .query_row([key.as_bytes()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
            .optional()?;
        let body = record.body.as_ref().map(KeptBody::to_bytes);
        if let Some((row, lacks_body)) = found {
            let more = if lacks_body { record.body.as_ref().map_or(0, KeptBody::len) } else { 0 };
            let changes = params![row, number(record.count), record.last_time.unix_ms(), more as i64, body];
            connection.prepare_cached(sql::MERGE)?.execute(changes)?;
            self.totals(connection)?.bytes += more;
            return Ok(());
        }
        // Before the row is there.
        let totals = self.totals(connection)?;
        totals.records += 1;
        totals.bytes += record.size();
        connection.prepare_cached(sql::INSERT)?.execute(params![
            key.as_bytes(),
            record.first_time.unix_ms(),
            record.last_time.unix_ms(),
            number(record.count),
            record.size() as i64,
            record.request_id,
            record.index.map(number),
            sql::errors_text(&record.errors),
            number(record.length),
            record.sha256.as_bytes(),
            record.legible.source,
            record.legible.event_type,
            record.legible.entity_id,
            record.legible.event_time.map(|time| time.to_string()),
            record.token,
            record.user_agent,
            body,
        ])?;
        Ok(())
    }

    fn count(
        &mut self,
        connection: &Connection,
        under: &CountedUnder,
        refusals: Refusals,
        now_ms: i64,
    ) -> rusqlite::Result<()> {
        let hour = under.hour.unix_ms().div_euclid(MS_PER_HOUR);
        let (mut source, mut event_type) =
            (under.source.as_deref().unwrap_or_default(), under.event_type.as_deref().unwrap_or_default());
        let (count, unrecorded) = (number(refusals.count), number(refusals.unrecorded));
        if !source.is_empty() && !event_type.is_empty() {
            let there =
                connection.prepare_cached(sql::ADD_TO_STREAM)?.execute(params![source, event_type, count, now_ms])?;
            if there == 0 {
                let most = MAX_LISTED_REJECTED_STREAMS as i64;
                let begin = params![source, event_type, count, now_ms, most];
                connection.prepare_cached(sql::BEGIN_STREAM)?.execute(begin)?;
            }
        }
        let code = under.code.as_str();
        let add = |source: &str, event_type: &str| {
            let values = params![hour, source, event_type, code, count, unrecorded];
            connection.prepare_cached(sql::ADD)?.execute(values)
        };
        if add(source, event_type)? > 0 {
            return Ok(());
        }
        let known = connection.prepare_cached(sql::KNOWN)?.exists(params![hour, source, event_type])?;
        if !known {
            let streams = match self.streams_of_hour {
                Some((of, streams)) if of == hour => streams,
                Some(_) | None => {
                    connection.prepare_cached(sql::STREAMS_OF_HOUR)?.query_row([hour], |row| Ok(size(row.get(0)?)))?
                }
            };
            if streams < MAX_REJECTED_STREAMS {
                self.streams_of_hour = Some((hour, streams + 1));
            } else {
                self.streams_of_hour = Some((hour, streams));
                (source, event_type) = ("", "");
                if add(source, event_type)? > 0 {
                    return Ok(());
                }
            }
        }
        let values = params![hour, source, event_type, code, count, unrecorded];
        connection.prepare_cached(sql::BEGIN)?.execute(values)?;
        Ok(())
    }

    /// Removes what is too old or too much, at most so many rows; true when nothing is left to remove.
    fn evict(&mut self, connection: &Connection, evidence: &Evidence, rows: usize) -> rusqlite::Result<bool> {
        let Evidence { bounds, now, .. } = evidence;
        let oldest = bounds.oldest(*now).map_or(i64::MIN, |oldest| oldest.unix_ms());
        for _ in 0..rows.max(1) {
            let totals = *self.totals(connection)?;
            let is_over = totals.records > bounds.records || totals.bytes > bounds.bytes;
            let found = connection
                .prepare_cached(sql::LONGEST_UNSEEN)?
                .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, size(row.get(2)?))))
                .optional()?;
            let Some((row, last_ms, bytes)) = found.filter(|(_, last_ms, _)| is_over || *last_ms < oldest) else {
                return Ok(true);
            };
            debug_assert!(is_over || last_ms < oldest);
            connection.prepare_cached(sql::REMOVE)?.execute([row])?;
            let totals = self.totals(connection)?;
            totals.records = totals.records.saturating_sub(1);
            totals.bytes = totals.bytes.saturating_sub(bytes);
        }
        Ok(false)
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
