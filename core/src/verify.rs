//! Whether a store holds what its records say, and records what it holds.
//!
//! Two walks, page by page, in constant memory: first every record, whose object must be there; then every object,
//! which must hash to the id in its key and have its record. An ingest under way meanwhile is no finding: a record is
//! there before its object, and ACCEPTED only after it.

use core::fmt;
use core::future::Future;

use bytes::Bytes;
use serde::Serialize;

use crate::raw_object::fault;
use crate::{Commit, EventId, IngestTime, Page, Position, RawKey, Receipt, Record, Status, StoreError};

/// How many records are looked into, or objects held in memory, at once.
const SIDE_BY_SIDE: usize = 32;

/// A record, or why what is filed as one cannot be read.
pub type Filed = Result<Record, String>;

/// What a verification asks of a store. Methods that take several are free to ask for them side by side, and return
/// one result for each, in order.
pub trait Inventory: Send + Sync {
    /// A page of all records, PENDING and DUPLICATE ones included.
    fn records(&self, from: Option<&Position>) -> impl Future<Output = Result<Page<Filed>, StoreError>> + Send;

    /// A page of the keys of all raw objects.
    fn objects(&self, from: Option<&Position>) -> impl Future<Output = Result<Page<String>, StoreError>> + Send;

    /// The records of the events' first occurrences, strongly consistent.
    fn firsts(&self, ids: &[EventId]) -> impl Future<Output = Result<Vec<Option<Filed>>, StoreError>> + Send;

    /// The sizes of raw objects, strongly consistent; `None` where there is none.
    fn sizes(&self, keys: &[RawKey]) -> impl Future<Output = Result<Vec<Option<u64>>, StoreError>> + Send;

    /// The bytes of raw objects; `None` where there is none.
    fn contents(&self, keys: &[RawKey]) -> impl Future<Output = Result<Vec<Option<Bytes>>, StoreError>> + Send;

    /// [`Ledger::commit`](crate::Ledger::commit).
    fn finish(&self, record: &Record) -> impl Future<Output = Result<Commit, StoreError>> + Send;
}

/// How to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// PENDING claims that arrived before this are findings; younger ones are under way.
    pub pending_before: IngestTime,
    /// Finish PENDING claims whose object is there, with this receipt.
    pub repair: Option<Receipt>,
}

/// What a verification tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Records that have been looked into since the last notice of this kind.
    Records(usize),
    /// Objects that have been looked into since the last notice of this kind.
    Objects(usize),
    /// Something is wrong.
    Found(Finding),
    /// A PENDING claim, now ACCEPTED.
    Repaired(Record),
}

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A part of the store that cannot be read, or does not agree with the rest.
    Damaged {
        /// Which part.
        part: String,
        /// What is wrong, and what is lost.
        reason: String,
    },
    /// A record that cannot be read.
    UnreadableRecord {
        /// Which, and why.
        reason: String,
    },
    /// A record whose members do not hash to its id, or whose key is another event's.
    WrongRecord {
        /// The id it is filed under.
        event_id: EventId,
    },
    /// An ACCEPTED record without its object: the event is lost.
    MissingObject {
        /// The event.
        event_id: EventId,
        /// Where the object should be.
        raw_key: RawKey,
    },
    /// An object of another size than its record says.
    WrongSize {
        /// The event.
        event_id: EventId,
        /// The object.
        raw_key: RawKey,
        /// The size in the record.
        recorded: u64,
        /// The size of the object.
        stored: u64,
    },
    /// A DUPLICATE record of an event that has no ACCEPTED one, or one with another key.
    DuplicateWithoutFirst {
        /// The event.
        event_id: EventId,
        /// The duplicate's receipt.
        receipt: Receipt,
    },
    /// A claim that was not finished. Its sender got no answer; the next attempt, or a repair, finishes it.
    Pending {
        /// The event.
        event_id: EventId,
        /// The claimed key.
        raw_key: RawKey,
        /// When it was claimed.
        ingest_time: IngestTime,
        /// Whether the object is there, so that a repair can finish it.
        has_object: bool,
    },
    /// An object whose key is not ours.
    ForeignObject {
        /// The key.
        key: String,
    },
    /// An object that is not the event its key names.
    WrongObject {
        /// The key.
        raw_key: RawKey,
        /// What it is instead.
        reason: String,
    },
    /// An object without a record.
    MissingRecord {
        /// The object.
        raw_key: RawKey,
    },
    /// A second object of an event.
    SecondObject {
        /// The object.
        raw_key: RawKey,
        /// The key in the event's record.
        recorded: RawKey,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { part, reason } => write!(f, "damaged: {part}: {reason}"),
            Self::UnreadableRecord { reason } => write!(f, "unreadable record: {reason}"),
            Self::WrongRecord { event_id } => write!(f, "wrong record: {event_id} is not the id of what it holds"),
            Self::MissingObject { event_id, raw_key } => {
                write!(f, "missing object: {event_id} is ACCEPTED and {raw_key} is not there")
            }
            Self::WrongSize { raw_key, recorded, stored, .. } => {
                write!(f, "wrong size: {raw_key} has {stored} bytes, its record says {recorded}")
            }
            Self::DuplicateWithoutFirst { event_id, receipt } => {
                write!(
                    f,
                    "duplicate without first: {event_id} has the DUPLICATE {receipt} and no ACCEPTED record for it"
                )
            }
            Self::Pending { event_id, raw_key, ingest_time, has_object: true } => {
                write!(f, "pending: {event_id} since {ingest_time}; {raw_key} is there, a repair finishes it")
            }
            Self::Pending { event_id, ingest_time, has_object: false, .. } => {
                write!(f, "pending: {event_id} since {ingest_time}, without its object; sending it again finishes it")
            }
            Self::ForeignObject { key } => write!(f, "foreign object: {key} is no raw object's key"),
            Self::WrongObject { raw_key, reason } => write!(f, "wrong object: {raw_key}: {reason}"),
            Self::MissingRecord { raw_key } => write!(f, "missing record: {raw_key} has none"),
            Self::SecondObject { raw_key, recorded } => {
                write!(f, "second object: {raw_key}, where the event's record says {recorded}")
            }
        }
    }
}

/// Walks a whole store and tells what it finds. It can be stopped at any time and started anew.
pub async fn verify<I: Inventory>(
    inventory: &I,
    how: &Verification,
    mut tell: impl FnMut(Notice),
) -> Result<(), StoreError> {
    let mut from: Option<Position> = None;
    loop {
        let page = inventory.records(from.as_ref()).await?;
        for some in page.items.chunks(SIDE_BY_SIDE) {
            check_records(inventory, how, some, &mut tell).await?;
            tell(Notice::Records(some.len()));
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    loop {
        let page = inventory.objects(from.as_ref()).await?;
        for some in page.items.chunks(SIDE_BY_SIDE) {
            check_objects(inventory, some, &mut tell).await?;
            tell(Notice::Objects(some.len()));
        }
        from = page.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn check_records<I: Inventory>(
    inventory: &I,
    how: &Verification,
    records: &[Filed],
    tell: &mut impl FnMut(Notice),
) -> Result<(), StoreError> {
    let mut firsts = Vec::new();
    let mut duplicates = Vec::new();
    for record in records {
        match record {
            Err(reason) => tell(Notice::Found(Finding::UnreadableRecord { reason: reason.clone() })),
            Ok(record) if !is_consistent(record) => {
                tell(Notice::Found(Finding::WrongRecord { event_id: record.event_id }));
            }
            Ok(record) => match record.status {
                Status::Accepted => firsts.push(record),
                Status::Pending if record.ingest_time < how.pending_before => firsts.push(record),
                Status::Pending => {}
                Status::Duplicate => duplicates.push(record),
            },
        }
    }

    let keys: Vec<RawKey> = firsts.iter().map(|record| record.raw_key.clone()).collect();
    let sizes = inventory.sizes(&keys).await?;
    for (record, size) in firsts.into_iter().zip(sizes) {
        if record.status == Status::Pending {
            check_pending(inventory, how, record, size, tell).await?;
        } else if let Some(finding) = accepted_finding(record, size) {
            tell(Notice::Found(finding));
        }
    }

    let mut ids: Vec<EventId> = duplicates.iter().map(|record| record.event_id).collect();
    ids.dedup();
    let mut found = ids.iter().zip(inventory.firsts(&ids).await?).peekable();
    for record in duplicates {
        while found.peek().is_some_and(|(id, _)| **id != record.event_id) {
            found.next();
        }
        let fits = match found.peek().and_then(|(_, first)| first.as_ref()) {
            None => false,
            Some(Ok(first)) => first.status == Status::Accepted && first.raw_key == record.raw_key,
            // Told where it stands itself.
            Some(Err(_)) => true,
        };
        if !fits {
            let (event_id, receipt) = (record.event_id, record.receipt.clone());
            tell(Notice::Found(Finding::DuplicateWithoutFirst { event_id, receipt }));
        }
    }
    Ok(())
}

/// Whether a record's members agree with each other.
fn is_consistent(record: &Record) -> bool {
    let Record { source, event_type, entity_id, event_time, payload_hash, event_id, raw_key, ingest_time, .. } = record;
    let key = raw_key.partition();
    *event_id == EventId::of(source, event_type, entity_id, event_time, payload_hash)
        && key.event_id == *event_id
        && key.source == *source
        && key.event_type == *event_type
        && key.event_date == event_time.date().as_str()
        && key.hour == event_time.hour().as_str()
        && (record.status == Status::Duplicate || key.ingest_date == ingest_time.date().as_str())
        && record.ingest_lag_ms == ingest_time.lag_ms(event_time)
}

fn accepted_finding(record: &Record, size: Option<u64>) -> Option<Finding> {
    let (event_id, raw_key) = (record.event_id, record.raw_key.clone());
    match size {
        None => Some(Finding::MissingObject { event_id, raw_key }),
        Some(stored) if stored != record.raw_size => {
            Some(Finding::WrongSize { event_id, raw_key, recorded: record.raw_size, stored })
        }
        Some(_) => None,
    }
}

async fn check_pending<I: Inventory>(
    inventory: &I,
    how: &Verification,
    record: &Record,
    size: Option<u64>,
    tell: &mut impl FnMut(Notice),
) -> Result<(), StoreError> {
    if let (Some(receipt), Some(raw_size)) = (&how.repair, size) {
        let mut contents = inventory.contents(core::slice::from_ref(&record.raw_key)).await?;
        let intact = contents.pop().flatten().is_some_and(|raw| fault(&raw, &record.event_id).is_none());
        if intact {
            let status = Status::Accepted;
            let accepted = Record { status, receipt: receipt.clone(), raw_size, ..record.clone() };
            match inventory.finish(&accepted).await? {
                Commit::Done => tell(Notice::Repaired(accepted)),
                // Its sender came back meanwhile.
                Commit::Already(_) => {}
            }
            return Ok(());
        }
    }
    tell(Notice::Found(Finding::Pending {
        event_id: record.event_id,
        raw_key: record.raw_key.clone(),
        ingest_time: record.ingest_time,
        has_object: size.is_some(),
    }));
    Ok(())
}

async fn check_objects<I: Inventory>(
    inventory: &I,
    keys: &[String],
    tell: &mut impl FnMut(Notice),
) -> Result<(), StoreError> {
    let mut ours: Vec<RawKey> = Vec::with_capacity(keys.len());
    for key in keys {
        match key.parse() {
            Ok(key) => ours.push(key),
            Err(crate::ParseKeyError) => tell(Notice::Found(Finding::ForeignObject { key: key.clone() })),
        }
    }
    let ids: Vec<EventId> = ours.iter().map(|key| key.partition().event_id).collect();
    let contents = inventory.contents(&ours).await?;
    let records = inventory.firsts(&ids).await?;
    for (((raw_key, id), content), record) in ours.into_iter().zip(&ids).zip(contents).zip(records) {
        let reason = match content {
            // Listed and not there: deleted since, which is what the records' walk is about.
            None => Some("it was listed and cannot be read".to_owned()),
            Some(raw) => fault(&raw, id),
        };
        if let Some(reason) = reason {
            tell(Notice::Found(Finding::WrongObject { raw_key: raw_key.clone(), reason }));
        }
        match record {
            None => tell(Notice::Found(Finding::MissingRecord { raw_key })),
            Some(Ok(record)) if record.raw_key != raw_key => {
                tell(Notice::Found(Finding::SecondObject { raw_key, recorded: record.raw_key }));
            }
            Some(Ok(_) | Err(_)) => {}
        }
    }
    Ok(())
}
