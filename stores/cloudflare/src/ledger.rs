//! Records in D1.

use std::collections::HashMap;

use pik_core::{Claim, Commit, EventId, Ledger, Receipt, Record, Status, StoreError};
use serde::de::IgnoredAny;

use crate::database::{Database, Done, Statement};
use crate::row::{self, EventRow};
use crate::sql;

/// Records in one D1 database, by conditional writes.
#[derive(Debug)]
pub struct D1Ledger {
    database: Database,
    bucket: String,
}

impl D1Ledger {
    /// The database of this binding. It must have the migrations. `bucket` is what records name.
    pub fn new(binding: worker::D1Database, bucket: impl Into<String>) -> Self {
        Self { database: Database::new(binding), bucket: bucket.into() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

fn finished_ms(record: &Record) -> Option<i64> {
    record.finished_time.map(|time| time.unix_ms())
}

fn find(id: &EventId) -> Statement {
    Statement { sql: sql::FIND, parameters: vec![id.to_string().into()] }
}

impl Ledger for D1Ledger {
    fn raw_bucket(&self) -> &str {
        &self.bucket
    }

    async fn claim(&self, record: &Record) -> Result<Claim, StoreError> {
        let insert = Statement { sql: sql::CLAIM, parameters: row::claim(record)? };
        // Read back in the same transaction: none that could see another state, and no second round trip for a duplicate.
        let [inserted, found] = self.database.batch("claim", [insert, find(&record.event_id)]).await?;
        let found: Option<EventRow> = found.rows.into_iter().next();
        match (inserted.changes, found) {
            (1, Some(_)) => Ok(Claim::New),
            // Also what a claim finds whose first answer was lost.
            (0, Some(found)) => Ok(Claim::Found(found.record()?)),
            (changes, found) => {
                let found = if found.is_some() { "one" } else { "none" };
                Err(StoreError::Internal(format!("claim: D1 tells of {changes} new rows, and {found} is there")))
            }
        }
    }

    async fn commit(&self, record: &Record) -> Result<Commit, StoreError> {
        let parameters = vec![
            record.event_id.to_string().into(),
            record.receipt.as_str().into(),
            row::size(record)?.into(),
            finished_ms(record).into(),
        ];
        let update = Statement { sql: sql::COMMIT, parameters };
        let done: Done<IgnoredAny> = self.database.run("commit", update).await?;
        if done.changes > 0 {
            return Ok(Commit::Done);
        }
        match self.find(&record.event_id).await? {
            Some(first) if first.status != Status::Pending => Ok(Commit::Already(first.receipt)),
            Some(_) => Err(StoreError::Internal("commit: the claim is PENDING and was not committed".into())),
            None => Err(StoreError::Internal("there is no claim to commit; claim the event first".into())),
        }
    }

    async fn record_duplicate(&self, record: &Record) -> Result<(), StoreError> {
        let Record { event_id, ingest_time, receipt, .. } = record;
        let parameters = vec![
            event_id.to_string().into(),
            ingest_time.unix_ms().into(),
            Receipt::as_str(receipt).into(),
            finished_ms(record).into(),
        ];
        let insert = Statement { sql: sql::RECORD_DUPLICATE, parameters };
        let _: Done<IgnoredAny> = self.database.run("record duplicate", insert).await?;
        Ok(())
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        let found: Done<EventRow> = self.database.run("find", find(id)).await?;
        found.rows.into_iter().next().map(EventRow::record).transpose()
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        // One parameter for all of them: a statement takes a hundred.
        let wanted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let parameters = vec![format!("[{}]", wanted.join(",")).into()];
        let found: Done<EventRow> =
            self.database.run("find many", Statement { sql: sql::FIND_MANY, parameters }).await?;
        let mut records: HashMap<EventId, Record> = HashMap::with_capacity(found.rows.len());
        for row in found.rows {
            let record = row.record()?;
            records.insert(record.event_id, record);
        }
        Ok(ids.iter().map(|id| records.get(id).cloned()).collect())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // An id that no event has: the table answers, and that it is there.
        self.find(&EventId::from_bytes([0; 32])).await.map(|_| ())
    }
}
