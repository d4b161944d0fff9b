//! What a verification reads: a scan of the table, a listing of the bucket.

use std::future::Future;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{Commit, EventId, Filed, Inventory, Ledger, Page, Position, RawKey, Record, StoreError};

use crate::failure::store_error;
use crate::on::On;
use crate::{AwsStore, item, rejections, schema, streams};

const SIDE_BY_SIDE: usize = 16;

/// Records of one page: few enough to be looked into before the connection of the scan is taken back.
const RECORDS: i32 = 500;

/// Between the two halves of a scan's place; neither contains it.
const SEPARATOR: char = '\n';

impl Inventory for AwsStore {
    async fn records(&self, from: Option<&Position>) -> Result<Page<Filed>, StoreError> {
        let mut scan =
            self.halves.ledger.client.scan().table_name(&self.settings.table).consistent_read(true).limit(RECORDS);
        if let Some((event_id, kind)) = from.and_then(|place| place.as_str().split_once(SEPARATOR)) {
            scan = scan
                .exclusive_start_key(schema::EVENT_ID, item::text(event_id))
                .exclusive_start_key(schema::KIND, item::text(kind));
        }
        let page = Box::pin(scan.send())
            .await
            .map_err(|error| store_error("scan records", On::Table(&self.halves.ledger.table), error))?;
        let items =
            page.items().iter().filter(|item| !streams::is_stream(item) && !rejections::is_evidence(item)).map(filed);
        let place = |name| page.last_evaluated_key()?.get(name)?.as_s().ok();
        let next = place(schema::EVENT_ID).zip(place(schema::KIND));
        let next = next.map(|(event_id, kind)| Position::new(format!("{event_id}{SEPARATOR}{kind}")));
        Ok(Page { items: items.collect(), next })
    }

    async fn objects(&self, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        self.halves.raw_store.keys("raw/", from).await
    }

    async fn firsts(&self, ids: &[EventId]) -> Result<Vec<Option<Filed>>, StoreError> {
        let find = async |id| Ok(self.halves.ledger.find_item(id).await?.as_ref().map(filed));
        side_by_side(ids.iter().map(find).collect()).await
    }

    async fn sizes(&self, keys: &[RawKey]) -> Result<Vec<Option<u64>>, StoreError> {
        side_by_side(keys.iter().map(|key| self.halves.raw_store.size_of(key.as_str())).collect()).await
    }

    async fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Bytes>>, StoreError> {
        side_by_side(keys.iter().map(|key| self.halves.raw_store.bytes(key.as_str())).collect()).await
    }

    async fn finish(&self, record: &Record) -> Result<Commit, StoreError> {
        // The claim is old, and windows of arrivals that were read meanwhile must not gain it.
        let now = self.halves.clock.now()?;
        self.halves.ledger.commit(&record.clone().listed_under(now)).await
    }
}

fn filed(item: &item::Item) -> Filed {
    item::read(item).map_err(|error| error.reason().to_owned())
}

async fn side_by_side<T>(calls: Vec<impl Future<Output = Result<T, StoreError>>>) -> Result<Vec<T>, StoreError> {
    stream::iter(calls).buffered(SIDE_BY_SIDE).try_collect().await
}
