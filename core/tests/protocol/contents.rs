//! What both stores hold, and what each call does to it.

use std::collections::BTreeMap;

use bytes::Bytes;
use pik_core::{Claim, Commit, EventId, IngestTime, Put, RawKey, Receipt, Record, Status};

use crate::wire::{Call, Reply};

/// Both stores at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Contents {
    pub(crate) first: BTreeMap<EventId, Record>,
    /// By event, ingest time and receipt, which only a mutant leaves out.
    pub(crate) duplicates: BTreeMap<(EventId, IngestTime, Option<Receipt>), Record>,
    pub(crate) objects: BTreeMap<RawKey, Bytes>,
}

impl Contents {
    /// The call's effect, all at once.
    pub(crate) fn apply(&mut self, call: &Call) -> Reply {
        match call {
            Call::Claim(record) => match self.first.get(&record.event_id) {
                Some(first) => Reply::Claim(Claim::Found(first.clone())),
                None => {
                    self.first.insert(record.event_id, record.clone());
                    Reply::Claim(Claim::New)
                }
            },
            Call::Create(record, raw) => {
                if self.objects.contains_key(&record.raw_key) {
                    return Reply::Put(Put::Exists);
                }
                self.objects.insert(record.raw_key.clone(), raw.clone());
                Reply::Put(Put::Created)
            }
            Call::Overwrite(record, raw) => {
                self.objects.insert(record.raw_key.clone(), raw.clone());
                Reply::Put(Put::Created)
            }
            Call::Size(record) => Reply::Size(self.objects.get(&record.raw_key).map(|raw| raw.len() as u64)),
            Call::Read(record) => Reply::Bytes(self.objects.get(&record.raw_key).cloned()),
            Call::Commit(record) => match self.first.get_mut(&record.event_id) {
                None => Reply::Refused,
                Some(first) if first.status == Status::Pending => {
                    *first = record.clone();
                    Reply::Commit(Commit::Done)
                }
                Some(first) => Reply::Commit(Commit::Already(first.receipt.clone())),
            },
            Call::RecordDuplicate(record) => self.record_duplicate(record, Some(record.receipt.clone())),
            Call::RecordDuplicateByTime(record) => self.record_duplicate(record, None),
            Call::Find(id) => Reply::Found(self.first.get(id).cloned()),
        }
    }

    fn record_duplicate(&mut self, record: &Record, receipt: Option<Receipt>) -> Reply {
        self.duplicates.entry((record.event_id, record.ingest_time, receipt)).or_insert_with(|| record.clone());
        Reply::Recorded
    }
}
