//! The store: a writer, some readers, and the queues in front of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use bytes::Bytes;
use futures_channel::oneshot;
use pik_core::{Answer, EventId, Evidence, IngestTime, NotKept, RawObject, Record, Store, StoreError, Submission};

use prometheus::core::Collector;
use rusqlite::Connection;

use crate::OpenError;
use crate::db::checkpoint::{self, Log};
use crate::db::files::Names;
use crate::db::opening::{self, Opened};
use crate::db::run::Run;
use crate::db::{migrate, schema};
use crate::error::store_error;
use crate::gauges::Gauges;
use crate::health::Health;
use crate::index::indexes::{Indexes, Progress};
use crate::index::tree::Memory;
use crate::meters::Meters;
use crate::queue::{Queue, Refused, Weight};
use crate::read::reader::{self, Question, Reader};
use crate::room::Room;
use crate::write::evidence::Keep;
use crate::write::job::{Entry, Job, Outcomes};
use crate::write::watermark::{Told, Watermark};
use crate::write::writer;

/// How a store shares out memory and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The most events that wait for the writer; beyond that, ingests are refused as overloaded.
    pub queued_events: usize,
    /// The most bytes of raw events that wait for the writer.
    pub queued_bytes: usize,
    /// The threads that read.
    pub readers: usize,
    /// The most questions that wait for a reader.
    pub queued_questions: usize,
    /// With fewer bytes free on the disk, no event is taken: what is left is for readers, for a shutdown in good order, and
    /// for whoever makes room.
    pub min_free_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queued_events: 16_384,
            queued_bytes: 16 * 1024 * 1024,
            readers: 2,
            queued_questions: 1024,
            min_free_bytes: 0,
        }
    }
}

/// A store on one SQLite file.
///
/// Closing or dropping it commits what has queued up, answers it, and moves everything into the one file.
pub struct SqliteStore {
    writes: Arc<Queue<Entry>>,
    watermark: Arc<Watermark>,
    questions: Arc<Queue<Question>>,
    log: Arc<Log>,
    keys: Arc<Memory>,
    names: Names,
    meters: Arc<Meters>,
    threads: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<Connection>>,
    run: Option<Run>,
    // The last field: it holds the lock, which outlives every connection.
    health: Arc<Health>,
}

impl SqliteStore {
    /// Opens the database at `path`; creates it, and the folders above it, if they are missing.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        Self::open_reporting(path, options, |_| ())
    }

    /// [`SqliteStore::open`] that tells how far it has come when the indexes lack much: a file of an older version, one
    /// whose indexes are rebuilt. What is done stays done if the process ends meanwhile.
    pub fn open_reporting(
        path: impl AsRef<Path>,
        options: Options,
        mut report: impl FnMut(Progress),
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        create_folder(path)?;
        let Opened { mut connection, names, files, run, lock } = opening::open(path)?;
        let path = names.database.as_path();
        let refused = |cause| OpenError::Database(path.to_owned(), cause);
        let health = Arc::new(Health::new(files, lock, &run, Room::new(path, options.min_free_bytes)));
        let indexes = Indexes::load(&connection, &mut report).map_err(refused)?;
        migrate::finish(&connection).map_err(refused)?;
        let watermark = Arc::new(Watermark::load(&connection).map_err(refused)?);
        let mut store = Self {
            writes: Arc::new(Queue::new(Weight { items: options.queued_events, bytes: options.queued_bytes })),
            watermark,
            questions: Arc::new(Queue::new(Weight { items: options.queued_questions, bytes: usize::MAX })),
            log: Arc::default(),
            keys: Arc::clone(&indexes.in_memory().keys),
            names: names.clone(),
            meters: Arc::new(Meters::new().expect("the names of metrics are right")),
            threads: Vec::new(),
            writer: None,
            run: Some(run),
            health: Arc::clone(&health),
        };
        for number in 0..options.readers.max(1) {
            let connection = schema::open_reader(path).map_err(refused)?;
            let reader = Reader { connection, in_memory: indexes.in_memory().clone() };
            let questions = Arc::clone(&store.questions);
            store.threads.push(start(&format!("pik-reader-{number}"), move || reader::run(&reader, &questions))?);
        }

        let (checkpointer, log) = (schema::open_writer(path)?, Arc::clone(&store.log));
        let checkpointed = Arc::clone(&health);
        store.threads.push(start("pik-checkpoint", move || checkpoint::run(&checkpointer, &log, &checkpointed))?);

        Log::watch(&store.log, &mut connection).map_err(refused)?;
        let (writes, log, meters) = (Arc::clone(&store.writes), Arc::clone(&store.log), Arc::clone(&store.meters));
        store.writer = Some(start("pik-writer", move || {
            // Statements that cannot be prepared close the queue, and every ingest is told so.
            let _ = writer::run(&connection, indexes, &log, &health, &writes, &meters);
            connection
        })?);
        Ok(store)
    }

    /// Removes the indexes and makes them again from the records, which are not touched. No process may have the file open.
    /// If it ends early, the next opening goes on.
    pub fn rebuild_indexes(path: impl AsRef<Path>, mut report: impl FnMut(Progress)) -> Result<(), OpenError> {
        let path = path.as_ref();
        let Opened { connection, names, files: _, run, lock: _lock } = opening::open(path)?;
        let refused = |cause| OpenError::Database(names.database.clone(), cause);
        migrate::drop_indexes(&connection).map_err(refused)?;
        Indexes::load(&connection, &mut report).map_err(refused)?;
        run.end(&connection);
        Ok(())
    }

    /// What Prometheus may know of the store: sizes, queues, commits, the index. Once the store is closed, nothing new.
    pub fn collectors(&self) -> prometheus::Result<Vec<Box<dyn Collector>>> {
        let gauges = Gauges {
            writes: Arc::downgrade(&self.writes),
            questions: Arc::downgrade(&self.questions),
            log: Arc::downgrade(&self.log),
            keys: Arc::downgrade(&self.keys),
            health: Arc::downgrade(&self.health),
            names: self.names.clone(),
        };
        Ok(self.meters.collectors().into_iter().chain(gauges.collectors()?).collect())
    }

    /// Commits and answers what has queued up, then closes the file. Dropping the store does the same.
    pub fn close(self) {}

    async fn write<T>(&self, weight: Weight, job: Job, reply: oneshot::Receiver<T>) -> Result<T, StoreError> {
        self.writes.push(weight, Entry::Job(job)).map_err(refused)?;
        reply.await.map_err(|_| stopped())
    }

    /// Has evidence written when there is time for it.
    pub(crate) async fn write_behind(&self, evidence: Evidence) -> Result<(), NotKept> {
        let evidence = Arc::new(evidence);
        let (host, kept) = oneshot::channel();
        let keep = Keep { evidence: Arc::clone(&evidence), host };
        let error = match self.writes.push(Weight { items: 0, bytes: 0 }, Entry::Keep(keep)) {
            Ok(()) => match kept.await {
                Ok(kept) => return kept,
                Err(_) => stopped(),
            },
            Err(full) => refused(full),
        };
        Err(NotKept { error, rest: Arc::unwrap_or_clone(evidence) })
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |reader| {
            // The caller may have disconnected; ignore the send error.
            let _ = reply.send(question(reader));
        });
        self.questions.push(Weight { items: 1, bytes: 0 }, question).map_err(refused)?;
        answer.await.map_err(|_| stopped())?.map_err(|error| store_error(&error))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.questions.close();
        self.writes.close();
        // A thread that panicked has closed its queue; no caller is left to be told. The writer's connection is closed
        // after all others, for the last one moves the log into the file, and readers could not.
        let connection = self.writer.take().map(JoinHandle::join);
        self.log.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        if let (Some(Ok(connection)), Some(run)) = (connection, self.run.take())
            && self.health.is_in_place()
        {
            run.end(&connection);
        }
    }
}

impl Store for SqliteStore {
    async fn ingest(&self, mut submission: Submission) -> Result<Answer, StoreError> {
        let under_way = self.watermark.enter(std::slice::from_mut(&mut submission));
        let weight = Weight { items: 1, bytes: submission.raw.len() };
        let (reply, answer) = oneshot::channel();
        self.write(weight, Job::One(Box::new(submission), under_way, reply), answer).await?
    }

    async fn ingest_batch(&self, mut submissions: Vec<Submission>) -> Outcomes {
        let under_way = self.watermark.enter(&mut submissions);
        let count = submissions.len();
        let weight = Weight { items: count, bytes: submissions.iter().map(|submission| submission.raw.len()).sum() };
        let (reply, answer) = oneshot::channel();
        match self.write(weight, Job::Batch(submissions, under_way, reply), answer).await {
            Ok(outcomes) => outcomes,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        let id = *id;
        self.ask(move |reader| reader.find(&id)).await
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(move |reader| reader.find_many(&ids)).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        let id = *id;
        let raw = self.ask(move |reader| reader.raw(&id)).await?;
        raw.map(|raw| RawObject::checked(&id, raw, || format!("of event {id}"))).transpose()
    }

    async fn raw_many(&self, ids: &[EventId]) -> Result<Vec<Option<RawObject>>, StoreError> {
        let asked = ids.to_vec();
        let found = self.ask(move |reader| reader.raw_many(&asked)).await?;
        let checked = |(id, raw): (&EventId, Option<Bytes>)| {
            raw.map(|raw| RawObject::checked(id, raw, || format!("of event {id}"))).transpose()
        };
        ids.iter().zip(found).map(checked).collect()
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        loop {
            match self.watermark.tell(now) {
                Told::Until(time) => return Ok(time),
                Told::After(ceiling) => {
                    let (reply, answer) = oneshot::channel();
                    self.write(Weight { items: 1, bytes: 0 }, Job::Settle(ceiling, reply), answer).await??;
                    self.watermark.kept(ceiling);
                }
            }
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        if self.writer.as_ref().is_none_or(JoinHandle::is_finished) {
            return Err(stopped());
        }
        self.health.check()?;
        self.ask(|reader| reader.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))).await
    }
}

fn start<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>, OpenError> {
    Builder::new().name(name.to_owned()).spawn(run).map_err(OpenError::Thread)
}

fn refused(refused: Refused) -> StoreError {
    match refused {
        Refused::Full => StoreError::Overloaded("the queue is full".to_owned()),
        Refused::Closed => stopped(),
    }
}

fn stopped() -> StoreError {
    StoreError::Internal("a thread of the store has stopped; restart the server".to_owned())
}

// A new file is only as durable as its entry in the folder. SQLite sees to the files it creates, we to the folders.
fn create_folder(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => return Ok(()),
    };
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect();
    let created = fs::create_dir_all(folder).and_then(|()| {
        missing.iter().filter_map(|folder| folder.parent()).try_for_each(|parent| {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(parent)?.sync_all()
        })
    });
    created.map_err(|cause| OpenError::Folder(folder.to_owned(), cause))
}
