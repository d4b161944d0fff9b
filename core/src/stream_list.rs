//! The sources and types that there are, those of which everything was refused among them.

use alloc::collections::BTreeMap;

use crate::{Investigate, Page, Position, QueryError, RejectedStream, Rejections, Stream};

/// [`Investigate::streams`], with how many events of each were refused. One of which nothing was ever stored is listed, too: it
/// has no other number.
pub async fn list_streams<S: Investigate>(
    store: &S,
    after: Option<&Position>,
    limit: usize,
) -> Result<Page<Stream>, QueryError> {
    let limit = limit.max(1);
    let names = after.map(|position| Stream::names_of(position).ok_or(QueryError::Position)).transpose()?;
    let stored = store.streams(after, limit).await?;
    let rejected = Rejections::rejected_streams(store, names, limit + 1).await?;
    Ok(merged(stored, rejected, limit))
}

/// Whether [`list_streams`] lists this source and type, or any type of the source.
pub async fn has_stream<S: Investigate>(store: &S, source: &str, event_type: Option<&str>) -> Result<bool, QueryError> {
    const PAGE: usize = 16;
    // No name has one.
    if [Some(source), event_type].into_iter().flatten().any(|name| name.is_empty() || name.contains(char::is_control)) {
        return Ok(false);
    }
    // Whatever lies before the wanted name, and not far from it.
    let mut before = event_type.unwrap_or_default().to_owned();
    before.pop();
    if before.is_empty() {
        before.push('\u{1}');
    }
    let mut after = Some(Stream::named(source, before).position());
    while let Some(position) = after {
        let page = list_streams(store, Some(&position), PAGE).await?;
        for stream in &page.items {
            if stream.source == source && event_type.is_none_or(|event_type| event_type == stream.event_type) {
                return Ok(true);
            }
            if (source, event_type.unwrap_or_default()) < (stream.source.as_str(), stream.event_type.as_str()) {
                return Ok(false);
            }
        }
        after = page.next;
    }
    Ok(false)
}

/// The first `limit` of both. Each has its own first ones, of what is stored perhaps fewer than there are.
fn merged(stored: Page<Stream>, rejected: Vec<RejectedStream>, limit: usize) -> Page<Stream> {
    let mut streams: BTreeMap<(String, String), Stream> = BTreeMap::new();
    for stream in stored.items {
        streams.insert((stream.source.clone(), stream.event_type.clone()), stream);
    }
    for RejectedStream { source, event_type, count, .. } in rejected {
        // Behind the end of a page of what is stored there may be others before this one.
        let end = stored.next.as_ref().and_then(Stream::names_of);
        if end.is_some_and(|end| end < (source.as_str(), event_type.as_str())) {
            break;
        }
        let stream = streams
            .entry((source, event_type))
            .or_insert_with_key(|(source, event_type)| Stream::named(source, event_type));
        stream.rejected = count;
    }
    // One more was refused than the page holds: it is among these, or lies behind the end of what is stored.
    let more = stored.next.is_some() || streams.len() > limit;
    let mut items: Vec<Stream> = streams.into_values().collect();
    items.truncate(limit);
    let last = items.last().map(Stream::position);
    // A page that a store left empty goes on where that one did.
    let next = if more { last.or(stored.next) } else { None };
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IngestTime;

    fn stream(name: &str) -> Stream {
        Stream { accepted: Some(1), ..Stream::named(name, "t") }
    }

    fn refused(name: &str) -> RejectedStream {
        let time: IngestTime = "2025-12-29T20:15:35.580Z".parse().unwrap();
        RejectedStream {
            source: name.to_owned(),
            event_type: "t".to_owned(),
            count: 7,
            first_time: time,
            last_time: time,
        }
    }

    /// What pages of `limit` show of a store that has these streams, and has refused events of those.
    fn walked(stored: &[&str], rejected: &[&str], limit: usize) -> Vec<String> {
        let (mut told, mut after): (Vec<String>, String) = (Vec::new(), String::new());
        loop {
            let mut items: Vec<Stream> =
                stored.iter().filter(|name| ***name > *after).map(|name| stream(name)).collect();
            let more = items.len() > limit;
            items.truncate(limit);
            let next = if more { items.last().map(Stream::position) } else { None };
            let behind = rejected.iter().filter(|name| ***name > *after).take(limit + 1);
            let page = merged(Page { items, next }, behind.map(|name| refused(name)).collect(), limit);
            assert!(page.items.len() <= limit);
            assert!(told.is_empty() || !page.items.is_empty(), "an empty page of {limit}");
            for Stream { source, accepted, rejected, .. } in page.items {
                told.push(format!("{source}{}{}", accepted.map_or("", |_| "+"), if rejected > 0 { "-" } else { "" }));
            }
            match page.next {
                None => return told,
                Some(next) => after = Stream::names_of(&next).unwrap().0.to_owned(),
            }
        }
    }

    #[test]
    fn what_was_stored_and_what_was_refused_are_one_list_in_pages_of_any_size() {
        let whole = ["a-", "b+", "c+-", "d-", "e-", "f+", "g+-", "h-"];
        for limit in 1..10 {
            let told = walked(&["b", "c", "f", "g"], &["a", "c", "d", "e", "g", "h"], limit);
            assert_eq!(told, whole, "by {limit}");
            assert_eq!(walked(&["a", "b"], &[], limit), ["a+", "b+"]);
            assert_eq!(walked(&[], &["a", "b"], limit), ["a-", "b-"]);
            assert!(walked(&[], &[], limit).is_empty());
        }
    }
}
