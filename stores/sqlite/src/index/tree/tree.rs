//! The tree as the writer has it.

use std::sync::Arc;

use rusqlite::Connection;

use super::filter;
use super::filters::{Budget, Filters};
use super::job::{self, From, Job, Run, Surroundings};
use super::key::Key;
use super::memtable::Memory;
use super::shape::Shape;
use super::tables;

/// Keys that a flush or merge writes for each that comes, in halves. Each level must have merged its runs before as many
/// have come again, which takes one for one; the rest is for what comes unevenly.
const RATE: usize = 3;
/// The same when it is behind.
const HASTE: usize = 12;

/// A set of keys. Within each transaction of the writer [`Tree::step`] does a part of the work that is due; after it comes
/// [`Tree::committed`] or [`Tree::abandoned`].
pub(crate) struct Tree {
    shape: Shape,
    memory: Arc<Memory>,
    runs: Vec<Run>,
    jobs: Vec<Job>,
    // What the frozen memtable covers, and the run that it is being flushed into.
    flush: Option<(i64, Option<i64>)>,
    // The last occurrence whose keys were put.
    covers: i64,
    complete_to: i64,
    budget: Budget,
    next_run: i64,
    next_block: i64,
    // A transaction was lost; the tables say what is true.
    is_stale: bool,
}

impl Tree {
    /// The tree as the tables have it; nothing is in memory.
    pub(crate) fn load(connection: &Connection, shape: Shape) -> rusqlite::Result<Self> {
        let complete_to = job::complete_to(connection)?;
        let mut tree = Self {
            shape,
            memory: Arc::new(Memory::new(shape)),
            runs: Vec::new(),
            jobs: Vec::new(),
            flush: None,
            covers: complete_to,
            complete_to,
            budget: Budget::new(shape.filter_pages),
            next_run: 1,
            next_block: 1,
            is_stale: true,
        };
        tree.refresh(connection)?;
        Ok(tree)
    }

    /// What waits in memory, for readers.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// How many runs there are, those being written too.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len() + self.jobs.len()
    }

    /// The keys of every occurrence up to this one are in runs.
    pub(crate) fn complete_to(&self) -> i64 {
        self.complete_to
    }

    /// The keys with a prefix of the length that is filtered, in no order; one may come twice.
    pub(crate) fn find(&mut self, connection: &Connection, prefix: &Key) -> rusqlite::Result<Vec<Key>> {
        self.refresh(connection)?;
        let hash = filter::hash(&self.shape.filtered, prefix).expect("a prefix that is looked for has a filter");
        let mut found = Vec::new();
        self.memory.find(prefix, hash, &mut found);
        for run in self.runs.iter_mut().chain(self.jobs.iter_mut().map(|job| &mut job.output)) {
            run.find(connection, &mut self.budget, (prefix, hash), &mut found)?;
        }
        let jobs = self.jobs.iter_mut().map(|job| &mut job.output.filters);
        self.budget.enforce(self.runs.iter_mut().map(|run| &mut run.filters).chain(jobs));
        Ok(found)
    }

    /// Whether a flush or merge is due or under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_stale || self.flush.is_some() || !self.jobs.is_empty() || !self.due().is_empty()
    }

    /// Within a transaction: writes as much as `keys` that come make due.
    pub(crate) fn step(&mut self, connection: &Connection, keys: usize) -> rusqlite::Result<()> {
        self.begin_jobs(connection)?;
        let is_full = self.memory.active_keys() >= self.shape.memtable;
        for at in 0..self.jobs.len() {
            let level = self.jobs[at].output.level;
            let is_behind = match self.jobs[at].from {
                From::Memory { .. } => is_full,
                From::Runs(_) => self.waiting(level - 1).count() >= self.shape.fan_out,
            };
            let credit = keys * if is_behind { HASTE } else { RATE } / 2;
            let job = &mut self.jobs[at];
            job.credit += credit;
            if job.credit >= self.shape.slice {
                self.slice(connection, at)?;
            }
        }
        Ok(())
    }

    /// Within a transaction, when nothing else is to be done: writes up to about `keys` keys.
    pub(crate) fn work(&mut self, connection: &Connection, keys: usize) -> rusqlite::Result<()> {
        self.begin_jobs(connection)?;
        if !self.jobs.is_empty() {
            self.jobs[0].credit += keys;
            self.slice(connection, 0)?;
        }
        Ok(())
    }

    fn slice(&mut self, connection: &Connection, at: usize) -> rusqlite::Result<()> {
        let mut around = Surroundings {
            connection,
            shape: &self.shape,
            memory: &self.memory,
            runs: &mut self.runs,
            budget: &mut self.budget,
            next_block: &mut self.next_block,
        };
        self.jobs[at].slice(&mut around)
    }

    /// The transaction is through, and with it the occurrences up to `covers`, which have these keys.
    pub(crate) fn committed(&mut self, keys: impl Iterator<Item = Key>, covers: i64) {
        for at in (0..self.jobs.len()).rev() {
            if self.jobs[at].is_finished {
                let Job { output, from, .. } = self.jobs.remove(at);
                match from {
                    From::Memory { covers } => {
                        self.complete_to = covers;
                        self.flush = None;
                        self.memory.flushed();
                    }
                    From::Runs(inputs) => self.runs.retain(|run| !inputs.contains(&run.run)),
                }
                self.runs.push(output);
            }
        }
        self.memory.put(keys);
        self.covers = self.covers.max(covers);
        if self.memory.active_keys() >= self.shape.memtable {
            self.freeze();
        }
    }

    /// The transaction is lost.
    pub(crate) fn abandoned(&mut self) {
        self.is_stale = true;
    }

    /// Lets the memtable be flushed although it is not full, unless another one is being flushed.
    pub(crate) fn freeze(&mut self) {
        if self.memory.freeze() {
            self.flush = Some((self.covers, None));
        }
    }

    // Complete runs of a level that are not being merged, the oldest first.
    fn waiting(&self, level: i64) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.level == level && run.after.is_none())
    }

    // Levels that have enough runs, and none of whose runs are being merged.
    fn due(&self) -> Vec<i64> {
        let levels = self.runs.iter().map(|run| run.level).max().map_or(0, |level| level + 1);
        let is_free = |level: &i64| {
            !self.jobs.iter().any(|job| job.output.level == level + 1 && matches!(job.from, From::Runs(_)))
        };
        (0..levels).filter(is_free).filter(|level| self.waiting(*level).count() >= self.shape.fan_out).collect()
    }

    fn begin_jobs(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.refresh(connection)?;
        if let Some((covers, output @ None)) = &mut self.flush {
            *output = Some(self.next_run);
            let (covers, keys) = (*covers, self.shape.memtable);
            self.begin_job(connection, 0, From::Memory { covers }, keys)?;
        }
        for level in self.due() {
            let mut inputs: Vec<(i64, usize)> = self.waiting(level).map(|run| (run.run, run.keys)).collect();
            inputs.sort_unstable();
            inputs.truncate(self.shape.fan_out);
            let keys = inputs.iter().map(|(_, keys)| keys).sum();
            let inputs: Vec<i64> = inputs.into_iter().map(|(run, _)| run).collect();
            for run in self.runs.iter_mut().filter(|run| inputs.contains(&run.run)) {
                run.after = Some(Key::FIRST);
            }
            self.begin_job(connection, level + 1, From::Runs(inputs), keys)?;
        }
        Ok(())
    }

    fn begin_job(&mut self, connection: &Connection, level: i64, from: From, keys: usize) -> rusqlite::Result<()> {
        let run = self.next_run;
        self.next_run += 1;
        let inputs: &[i64] = if let From::Runs(inputs) = &from { inputs } else { &[] };
        tables::begin_run(connection, run, level, inputs)?;
        let output = Run { run, level, keys: 0, filters: Filters::default(), after: None, up_to: Some(Key::FIRST) };
        self.jobs.push(Job::new(output, from, keys));
        Ok(())
    }

    // After a start or a lost transaction.
    fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_stale {
            return Ok(());
        }
        (self.next_run, self.next_block) = tables::next_numbers(connection)?;
        self.budget = Budget::new(self.shape.filter_pages);
        let (mut runs, mut jobs) = (Vec::new(), Vec::new());
        let rows = tables::runs(connection)?;
        for row in &rows {
            let filters = Filters::load(connection, row.run)?;
            let after = row.input_of.map(|into| {
                let into = rows.iter().find(|row| row.run == into);
                into.and_then(|into| into.merged_to).unwrap_or(Key::FIRST)
            });
            let keys = usize::try_from(row.keys).unwrap_or(0);
            let run = Run { run: row.run, level: row.level, keys, filters, after, up_to: row.merged_to };
            let inputs: Vec<&tables::RunRow> = rows.iter().filter(|input| input.input_of == Some(row.run)).collect();
            let flushing = self.flush.filter(|(_, output)| *output == Some(row.run));
            if let Some((covers, _)) = flushing {
                jobs.push(Job::new(run, From::Memory { covers }, self.shape.memtable));
            } else if !inputs.is_empty() {
                let expected = inputs.iter().map(|input| usize::try_from(input.keys).unwrap_or(0)).sum();
                jobs.push(Job::new(run, From::Runs(inputs.iter().map(|input| input.run).collect()), expected));
            } else {
                // A flush that a crash has ended left a run that is complete in itself; what it lacks is read from the rows.
                runs.push(run);
            }
        }
        if let Some((_, output)) = &mut self.flush {
            *output = output.filter(|output| rows.iter().any(|row| row.run == *output));
        }
        (self.runs, self.jobs) = (runs, jobs);
        self.is_stale = false;
        Ok(())
    }
}
