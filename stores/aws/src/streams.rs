//! Which sources and types there are: an item for each, written once by every host that takes an event of it.
//!
//! A host notes a stream before it claims the first event of it that it takes, and remembers that it did. So a stream costs
//! one write unit for each host, or each instance of a function, and an event of a stream that is noted costs nothing more.
//! Nothing is counted: that would be a write for every event.
//!
//! A stream that has sent nothing since hosts began to do so has no item, and is not listed until it sends something.

use pik_core::{Page, Position, QueryError, Record, StoreError, Stream};

use crate::failure::store_error;
use crate::item::Item;
use crate::noted::{PARTITION, SEPARATOR, name};
use crate::on::On;
use crate::walk::behind;
use crate::{DynamoLedger, item, schema};

/// Whether an item is a stream's, and no record.
pub(crate) fn is_stream(item: &Item) -> bool {
    item.get(schema::EVENT_ID).and_then(|id| id.as_s().ok()).is_some_and(|id| id == PARTITION)
}

impl DynamoLedger {
    /// Sees to it that the stream of a record is listed.
    pub(crate) async fn note_stream(&self, record: &Record) -> Result<(), StoreError> {
        let name = name(&record.source, &record.event_type);
        if self.noted.has(&name) {
            return Ok(());
        }
        // Without a condition: whoever writes it, it is the same item.
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(schema::EVENT_ID, item::text(PARTITION))
            .item(schema::KIND, item::text(&name))
            .item("source", item::text(&record.source))
            .item("event_type", item::text(&record.event_type));
        Box::pin(put.send()).await.map_err(|error| store_error("note stream", On::Table(&self.table), error))?;
        self.noted.add(name);
        Ok(())
    }

    /// A page of streams.
    pub(crate) async fn list_streams(
        &self,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Stream>, QueryError> {
        let after = after.map(|position| Stream::names_of(position).ok_or(QueryError::Position)).transpose()?;
        let low = after.map(|(source, event_type)| behind(&name(source, event_type)));
        // DynamoDB refuses an empty value, and every name is greater than this one.
        let low = low.unwrap_or_else(|| SEPARATOR.to_string());
        let wanted = limit + 1;
        let mut items: Vec<Stream> = Vec::new();
        let mut start = None;
        while items.len() < wanted {
            let query = self
                .query(None)
                .consistent_read(true)
                .key_condition_expression("#partition = :partition AND #sort > :low")
                .expression_attribute_names("#partition", schema::EVENT_ID)
                .expression_attribute_names("#sort", schema::KIND)
                .expression_attribute_values(":partition", item::text(PARTITION))
                .expression_attribute_values(":low", item::text(&low))
                .limit(i32::try_from(wanted - items.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take());
            let page = Box::pin(query.send())
                .await
                .map_err(|error| store_error("list streams", On::Table(&self.table), error))?;
            for found in page.items() {
                items.push(Stream::named(item::string(found, "source")?, item::string(found, "event_type")?));
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(Stream::position) } else { None };
        Ok(Page { items, next })
    }
}
