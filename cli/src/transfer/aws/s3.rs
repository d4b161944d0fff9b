//! A bucket, or a part of one, with copies of raw objects under their keys.

use std::fs::File;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_aws::{Clients, S3RawStore, Settings};
use pik_core::{Page, Position, Put, RawKey, StoreError};

/// How many objects are under way at once.
const SIDE_BY_SIDE: usize = 16;

/// How many times longer a call for a large object may take than one for an event: two minutes, and five with its repeats.
const PATIENCE: u32 = 30;

/// `s3://bucket` or `s3://bucket/prefix`: creates objects and never changes one.
#[derive(Debug, Clone)]
pub(crate) struct S3Folder {
    objects: S3RawStore,
    /// Empty, or ends in a slash.
    prefix: String,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// It was not there and is now.
    New,
    /// The same bytes were there.
    Known,
    /// Other bytes are there, unchanged.
    Differs,
}

impl S3Folder {
    /// Gets ready; nothing is asked of the bucket yet.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, 1).await
    }

    /// [`S3Folder::connect`] for objects that take a while on their way.
    pub(crate) async fn of_large_objects(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, PATIENCE).await
    }

    async fn connect_with(url: &str, patience: u32) -> Result<Self, StoreError> {
        let place = url.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
        let Some((bucket, prefix)) = place.filter(|(bucket, _)| !bucket.is_empty()) else {
            return Err(StoreError::Internal(format!(
                "`{url}` names no bucket; write s3://BUCKET or s3://BUCKET/PREFIX"
            )));
        };
        let settings = Settings { patience, ..Settings::new(bucket, "") };
        let clients = Clients::from_environment(&settings).await;
        clients.need_region()?;
        let prefix = match prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self { objects: S3RawStore::new(&clients, &settings), prefix })
    }

    /// Creates objects; one outcome for each, in order. What is there stays as it is.
    pub(crate) async fn create(&self, objects: &[(&RawKey, &[u8])]) -> Result<Vec<Copied>, StoreError> {
        let copy = async |(key, raw): &(&RawKey, &[u8])| {
            let place = self.place(key.as_str());
            let metadata = [("event-id", key.partition().event_id.to_string())];
            let put = self.objects.put(&place, Bytes::copy_from_slice(raw), metadata).await?;
            self.copied(put, &place, raw).await
        };
        stream::iter(objects.iter().map(copy)).buffered(SIDE_BY_SIDE).try_collect().await
    }

    async fn copied(&self, put: Put, place: &str, bytes: &[u8]) -> Result<Copied, StoreError> {
        Ok(match put {
            Put::Created => Copied::New,
            Put::Exists if self.objects.bytes(place).await?.as_deref() == Some(bytes) => Copied::Known,
            Put::Exists => Copied::Differs,
        })
    }

    /// Creates an object that is no event.
    pub(crate) async fn create_file(&self, name: &str, bytes: Bytes) -> Result<Copied, StoreError> {
        let place = self.place(name);
        let put = self.objects.put_as("application/octet-stream", &place, bytes.clone(), []).await?;
        self.copied(put, &place, &bytes).await
    }

    /// Copies an object to another name, unless one is there. Nothing happens if it is gone.
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.objects.copy(&self.place(from), &self.place(to)).await
    }

    /// Removes an object.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.objects.remove(&self.place(name)).await
    }

    /// The bytes of an object; `None` if there is none.
    pub(crate) async fn bytes(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        self.objects.bytes(&self.place(name)).await
    }

    /// Writes the bytes of an object into a file. Says whether there is one.
    pub(crate) async fn download(&self, name: &str, into: &mut File) -> Result<bool, StoreError> {
        self.objects.download(&self.place(name), into).await
    }

    /// A page of keys, without the prefix.
    pub(crate) async fn keys(&self, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        self.names("raw/", from).await
    }

    /// A page of the names that begin so. A console makes objects that stand for folders: those end in a slash.
    pub(crate) async fn names(&self, beginning: &str, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        let page = self.objects.keys(&self.place(beginning), from).await?;
        let names = page.items.iter().filter(|key| !key.ends_with('/'));
        let items = names.filter_map(|key| Some(key.strip_prefix(&self.prefix)?.to_owned())).collect();
        Ok(Page { items, next: page.next })
    }

    /// The bytes of objects; `None` where there is none.
    pub(crate) async fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let read = async |key: &RawKey| self.objects.bytes(&self.place(key.as_str())).await;
        stream::iter(keys.iter().map(read)).buffered(SIDE_BY_SIDE).try_collect().await
    }

    fn place(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}
