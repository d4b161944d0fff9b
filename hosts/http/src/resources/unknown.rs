//! A source or type of which there is no event, told to who asked for it and found nothing.

use pik_core::{Investigate, QueryError, has_stream, list_streams};

use crate::Nearest;
use crate::limits::MAX_LIMIT;
use crate::response::answer::{StreamName, UnknownStream};

/// How many pages of streams are looked at for near names: a question costs a bounded amount.
const MAX_PAGES: usize = 5;

/// The streams that were perhaps meant, where there is none of these names. What cannot be found out is not told.
pub(super) async fn unknown_stream<S: Investigate>(
    store: &S,
    (source, event_type): (&str, Option<&str>),
) -> Option<UnknownStream> {
    // The question itself is answered.
    nearest(store, source, event_type).await.unwrap_or_default()
}

async fn nearest<S: Investigate>(
    store: &S,
    source: &str,
    event_type: Option<&str>,
) -> Result<Option<UnknownStream>, QueryError> {
    if has_stream(store, source, event_type).await? {
        return Ok(None);
    }
    let mut nearest = Nearest::to(Some(source), event_type);
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = list_streams(store, after.as_ref(), MAX_LIMIT).await?;
        nearest.look_at(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let nearest =
        nearest.into_streams().map(|stream| StreamName { source: stream.source, event_type: stream.event_type });
    Ok(Some(UnknownStream { nearest: nearest.collect() }))
}
