//! Between a request and the stores: every call leaves the request as a value and comes back when the scheduler says.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use pik_core::{Answer, Claim, Clock, Commit, EventId, Ledger, Put, RawStore, Record, StoreError, Submission};

/// The bucket that every record of the simulation names.
pub(crate) const BUCKET: &str = "simulated";

/// What a request asks of a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Claim(Record),
    Create(Record, Bytes),
    Size(Record),
    Read(Record),
    Commit(Record),
    RecordDuplicate(Record),
    Find(EventId),
    /// A put that overwrites; mutants alone use it.
    Overwrite(Record, Bytes),
    /// A duplicate's record under its event and time, without the receipt; mutants alone use it.
    RecordDuplicateByTime(Record),
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Claim(_) => "claim",
            Self::Create(..) => "create",
            Self::Size(_) => "size",
            Self::Read(_) => "read",
            Self::Commit(_) => "commit",
            Self::RecordDuplicate(_) => "record_duplicate",
            Self::Find(_) => "find",
            Self::Overwrite(..) => "overwrite",
            Self::RecordDuplicateByTime(_) => "record_duplicate_by_time",
        }
    }

    /// Whether it may change what is stored.
    pub(crate) fn writes(&self) -> bool {
        match self {
            Self::Size(_) | Self::Read(_) | Self::Find(_) => false,
            Self::Claim(_)
            | Self::Create(..)
            | Self::Commit(_)
            | Self::RecordDuplicate(_)
            | Self::Overwrite(..)
            | Self::RecordDuplicateByTime(_) => true,
        }
    }
}

/// What a store answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Claim(Claim),
    Put(Put),
    Size(Option<u64>),
    Bytes(Option<Bytes>),
    Commit(Commit),
    Recorded,
    Found(Option<Record>),
    /// An error: the effect may or may not have happened.
    Failed,
    /// An error that tells something is wrong with the stores' contents.
    Refused,
}

/// The protocol under test: the real one, or a mutant of it.
pub(crate) trait Protocol {
    fn run<'a>(&'a self, wire: &'a Wire, clock: &'a Clock, submission: &'a Submission) -> Attempt<'a>;
}

/// A request being handled.
pub(crate) type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Answer, StoreError>> + 'a>>;

/// What a request does next.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "short-lived")]
pub(crate) enum Next {
    Asks(Call),
    Ends(Result<Answer, StoreError>),
}

/// A request's connection to both stores.
#[derive(Default)]
pub(crate) struct Wire {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Option<Call>>,
}

/// Polls a new request until it has received these replies, and tells what it does then. As the protocol has neither
/// clock nor randomness, the replies are all there is to where a request stands.
pub(crate) fn next<P: Protocol>(protocol: &P, clock: &Clock, submission: &Submission, replies: &[Reply]) -> Next {
    let wire = Wire { replies: Mutex::new(replies.iter().cloned().collect()), asked: Mutex::default() };
    let poll = protocol.run(&wire, clock, submission).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(wire.replies.lock().unwrap().is_empty(), "a request ended before it had all replies");
    match (poll, wire.asked.lock().unwrap().take()) {
        (Poll::Ready(result), None) => Next::Ends(result),
        (Poll::Pending, Some(call)) => Next::Asks(call),
        (Poll::Ready(_), Some(call)) => panic!("a request ended while its {} was under way", call.name()),
        (Poll::Pending, None) => panic!("a request waits for something that is not a store"),
    }
}

impl Wire {
    pub(crate) async fn send(&self, call: Call) -> Result<Reply, StoreError> {
        let reply = poll_fn(|_| match self.replies.lock().unwrap().pop_front() {
            Some(reply) => Poll::Ready(reply),
            None => {
                let earlier = self.asked.lock().unwrap().replace(call.clone());
                assert_eq!(earlier, None, "a request has two calls under way");
                Poll::Pending
            }
        });
        match reply.await {
            Reply::Failed => Err(StoreError::Unavailable("injected".into())),
            Reply::Refused => Err(StoreError::Internal("there is no claim to commit".into())),
            reply => Ok(reply),
        }
    }
}

impl Ledger for Wire {
    fn raw_bucket(&self) -> &str {
        BUCKET
    }

    async fn claim(&self, record: &Record) -> Result<Claim, StoreError> {
        match self.send(Call::Claim(record.clone())).await? {
            Reply::Claim(claim) => Ok(claim),
            reply => panic!("a claim was answered {reply:?}"),
        }
    }

    async fn commit(&self, record: &Record) -> Result<Commit, StoreError> {
        match self.send(Call::Commit(record.clone())).await? {
            Reply::Commit(commit) => Ok(commit),
            reply => panic!("a commit was answered {reply:?}"),
        }
    }

    async fn record_duplicate(&self, record: &Record) -> Result<(), StoreError> {
        match self.send(Call::RecordDuplicate(record.clone())).await? {
            Reply::Recorded => Ok(()),
            reply => panic!("a duplicate's record was answered {reply:?}"),
        }
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        match self.send(Call::Find(*id)).await? {
            Reply::Found(record) => Ok(record),
            reply => panic!("find was answered {reply:?}"),
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl RawStore for Wire {
    async fn create(&self, record: &Record, raw: Bytes) -> Result<Put, StoreError> {
        match self.send(Call::Create(record.clone(), raw)).await? {
            Reply::Put(put) => Ok(put),
            reply => panic!("a put was answered {reply:?}"),
        }
    }

    async fn size(&self, record: &Record) -> Result<Option<u64>, StoreError> {
        match self.send(Call::Size(record.clone())).await? {
            Reply::Size(size) => Ok(size),
            reply => panic!("size was answered {reply:?}"),
        }
    }

    async fn read(&self, record: &Record) -> Result<Option<Bytes>, StoreError> {
        match self.send(Call::Read(record.clone())).await? {
            Reply::Bytes(bytes) => Ok(bytes),
            reply => panic!("read was answered {reply:?}"),
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
