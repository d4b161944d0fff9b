//! The one thread that writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pik_core::StoreError;
use rusqlite::Connection;

use crate::db::checkpoint::{Log, Turn};
use crate::db::run;
use crate::health::Health;
use crate::index::indexes::Indexes;
use crate::meters::Meters;
use crate::queue::{CloseOnDrop, Linger, Queue, Taken};
use crate::write::evidence::Keeper;
use crate::write::job::{Entry, Job, Reply};
use crate::write::transaction::{State, Transaction};

/// The most events of a group: more would not make a commit much cheaper, only later.
const GROUP: usize = 4096;
/// After this long without events, flushes and merges of the index go on by themselves.
const IDLE_AFTER: Duration = Duration::from_millis(20);
/// How many rows of evidence a commit of events takes along: what they cost beside them cannot be measured.
const EVIDENCE_BESIDE: usize = 16;
/// How many rows of evidence a commit of its own has. An event that comes meanwhile waits for no more.
const EVIDENCE_ALONE: usize = 256;
/// After a commit that failed, how long to wait for an event before trying whether commits succeed again.
const PROBE_AFTER: Duration = Duration::from_secs(1);

/// Takes groups from the queue until it is closed and empty.
pub(crate) fn run(
    connection: &Connection,
    indexes: Indexes,
    log: &Log,
    health: &Health,
    queue: &Queue<Entry>,
    meters: &Arc<Meters>,
) -> rusqlite::Result<()> {
    let _guard = CloseOnDrop(queue);
    let mut turn = Turn::new(log, health);
    let state = State::new(connection, indexes, Arc::clone(meters))?;
    let mut writer = Writer { connection, state, health, meters, keeper: Keeper::default() };
    let mut taken = Vec::new();
    let mut group = Vec::new();
    let mut patience = None;
    let mut linger = Linger::default();
    loop {
        if health.is_failing() {
            patience = Some(PROBE_AFTER);
        }
        match queue.take(GROUP, patience, linger, &mut taken) {
            Taken::Some { waited } => {
                for entry in taken.drain(..) {
                    match entry {
                        Entry::Job(job) => group.push(job),
                        Entry::Keep(keep) => writer.keeper.add(keep),
                    }
                }
                if group.is_empty() {
                    patience = Some(Duration::ZERO);
                    continue;
                }
                meters.waited(waited);
                let start = Instant::now();
                let items = group.iter().map(Job::len).sum::<usize>();
                writer.commit(&mut group);
                // Clients that wait for their answers come back together. A commit of the first few alone would let all
                // others wait for another one.
                linger = Linger { items: items * 3 / 4, at_most: start.elapsed() / 2 };
                patience = Some(IDLE_AFTER);
            }
            Taken::Nothing if health.is_failing() => {
                writer.probe();
                patience = Some(IDLE_AFTER);
            }
            Taken::Nothing => patience = writer.tidy().then_some(Duration::ZERO),
            Taken::Closed => {
                while writer.keep() {}
                return Ok(());
            }
        }
        turn.after_commit(connection);
    }
}

struct Writer<'c> {
    connection: &'c Connection,
    state: State<'c>,
    health: &'c Health,
    meters: &'c Meters,
    keeper: Keeper,
}

impl Writer<'_> {
    /// One transaction, one fsync. No client is answered before it is through, and if it fails no client is told OK.
    fn commit(&mut self, group: &mut Vec<Job>) {
        let mut replies = Vec::with_capacity(group.len());
        let has_room = self.health.has_room().inspect_err(|_| self.meters.failed());
        let judged = has_room.and_then(|()| {
            let committed = self.settle(group, &mut replies);
            self.judge(committed)
        });
        match judged {
            Ok(()) => {
                replies.into_iter().for_each(Reply::send);
                self.keeper.committed();
            }
            Err(error) => {
                self.keeper.fail(&error);
                let refuse = |job: Job| job.settle(&mut (), |(), _| Err(error.clone()), |(), _| Err(error.clone()));
                replies.extend(group.drain(..).map(refuse));
                replies.into_iter().for_each(|reply| reply.fail(&error));
            }
        }
    }

    fn judge(&self, committed: rusqlite::Result<()>) -> Result<(), StoreError> {
        self.health.judge(committed, self.state.last_seq()).inspect_err(|_| self.meters.failed())
    }

    fn settle(&mut self, group: &mut Vec<Job>, replies: &mut Vec<Reply>) -> rusqlite::Result<()> {
        let mut transaction = Transaction::begin(&mut self.state)?;
        replies.extend(group.drain(..).map(|job| job.settle(&mut transaction, Transaction::ingest, Transaction::keep)));
        transaction.keep_evidence(&mut self.keeper, EVIDENCE_BESIDE);
        transaction.commit()
    }

    /// Goes on with evidence, or with a flush or merge of the index; false when there was nothing to do.
    fn tidy(&mut self) -> bool {
        // After a failure the work goes on waiting, and the store says that it is not ready.
        self.keep()
            || self.state.is_busy() && {
                let committed = self.work();
                self.judge(committed).is_ok()
            }
    }

    /// Writes evidence in a transaction of its own; false when there was none.
    fn keep(&mut self) -> bool {
        self.keeper.is_busy() && {
            let committed = self.keep_alone();
            match self.judge(committed) {
                Ok(()) => self.keeper.committed(),
                Err(error) => self.keeper.fail(&error),
            }
            true
        }
    }

    fn keep_alone(&mut self) -> rusqlite::Result<()> {
        let mut transaction = Transaction::begin(&mut self.state)?;
        transaction.keep_evidence(&mut self.keeper, EVIDENCE_ALONE);
        transaction.commit()
    }

    fn work(&mut self) -> rusqlite::Result<()> {
        let mut transaction = Transaction::begin(&mut self.state)?;
        transaction.work()?;
        transaction.commit()
    }

    /// Tries a commit of nothing, so that the store is ready again once commits succeed. Clients may have stopped sending
    /// events to a store that is not.
    fn probe(&mut self) {
        if self.health.has_room().is_err() {
            return;
        }
        let committed = run::probe(self.connection);
        // The failure is the one that is known already, or the newest.
        let _ = self.health.judge(committed, self.state.last_seq());
    }
}
