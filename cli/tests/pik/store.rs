//! What a server has left in its data folder.

use std::collections::HashMap;
use std::path::Path;

use pik_core::{EventId, Inventory, Record, Store};
use pik_sqlite::{Options, SqliteStore};
use tokio::runtime::Builder;

/// All records and raw objects of a store that is no longer served.
pub(crate) struct Contents {
    pub(crate) records: Vec<Record>,
    pub(crate) raw: HashMap<EventId, Vec<u8>>,
}

pub(crate) fn contents(data: &Path) -> Contents {
    let store = SqliteStore::open(data.join("pik.sqlite"), Options::default()).unwrap();
    Builder::new_current_thread().build().unwrap().block_on(async {
        let mut records = Vec::new();
        let mut from = None;
        loop {
            let page = store.records(from.as_ref()).await.unwrap();
            records.extend(page.items.into_iter().map(Result::unwrap));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut raw = HashMap::new();
        for record in &records {
            if let Some(bytes) = store.raw(&record.event_id).await.unwrap() {
                raw.insert(record.event_id, bytes.into_bytes().into());
            }
        }
        Contents { records, raw }
    })
}
