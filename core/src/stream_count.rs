//! A stream's counts by hour or day, with those of what was refused of it.

use crate::{
    Bucket, EventTime, IngestTime, Investigate, RejectedHours, RejectedStream, Rejections, StatsQuery, StoreError,
};

const MS_PER_DAY: i64 = 86_400_000;
/// A host keeps what it cannot write: an hour may lie so many days before the first time that a store tells.
const LATE_DAYS: i64 = 7;

/// [`Investigate::stats`], with how many events of the stream were refused within each bucket: those whose source and type are
/// valid by themselves, by the clock that refused them. Their event times are often what is wrong with them.
pub async fn count_stream<S: Investigate>(store: &S, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
    let mut buckets = store.stats(query).await?;
    let Some(stream) = rejected_stream(store, query).await? else { return Ok(buckets) };
    let Some(hours) = hours(query, &stream) else { return Ok(buckets) };
    for hour in store.rejected_hours(&hours).await? {
        let time = EventTime::from_unix(hour.hour.unix_ms().div_euclid(1_000), 0);
        let place = time.and_then(|time| query.place_of(&time));
        if let Some(bucket) = place.and_then(|place| buckets.get_mut(place)) {
            bucket.rejected += hour.refusals.count;
        }
    }
    Ok(buckets)
}

/// What was ever refused of the stream. It keeps a question about years from looking into each of their days.
async fn rejected_stream<S: Rejections>(store: &S, query: &StatsQuery) -> Result<Option<RejectedStream>, StoreError> {
    const PAGE: usize = 16;
    let wanted = (query.source.as_str(), query.event_type.as_str());
    // Whatever lies before the wanted name, and not far from it.
    let mut after = (wanted.0.to_owned(), wanted.1.to_owned());
    after.1.pop();
    loop {
        let page = store.rejected_streams(Some((&after.0, &after.1)), PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = (last.source.clone(), last.event_type.clone());
        if wanted <= (after.0.as_str(), after.1.as_str()) {
            return Ok(page.into_iter().find(|stream| wanted == (stream.source.as_str(), stream.event_type.as_str())));
        }
    }
}

/// The hours of the query in which something of the stream may have been refused.
fn hours(query: &StatsQuery, stream: &RejectedStream) -> Option<RejectedHours> {
    let (start, end) = (query.start().unix_seconds() * 1_000, query.end_seconds() * 1_000 - 1);
    let from = start.max(stream.first_time.unix_ms() - LATE_DAYS * MS_PER_DAY);
    // Clocks of other hosts may be ahead.
    let to = end.min(stream.last_time.unix_ms() + MS_PER_DAY);
    if from > to {
        return None;
    }
    Some(RejectedHours {
        from: IngestTime::from_unix_ms(from)?,
        to: IngestTime::from_unix_ms(to)?,
        source: Some(query.source.clone()),
        event_type: Some(query.event_type.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BucketWidth;

    fn hours_of(from: &str, to: &str, refused: &str) -> Option<(String, String)> {
        let query = StatsQuery::new("s", "t", from.parse().unwrap(), to.parse().unwrap(), BucketWidth::Day);
        let time: IngestTime = refused.parse().unwrap();
        let (source, event_type) = ("s".to_owned(), "t".to_owned());
        let stream = RejectedStream { source, event_type, count: 1, first_time: time, last_time: time };
        hours(&query, &stream).map(|hours| (hours.from.to_string(), hours.to.to_string()))
    }

    #[test]
    fn a_question_about_all_times_looks_into_days_in_which_something_was_refused() {
        let (first, last) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z");
        let some = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        let around = some("2025-12-22T20:15:35.580Z", "2025-12-30T20:15:35.580Z");
        assert_eq!(hours_of(first, last, "2025-12-29T20:15:35.580Z"), around);
        let day = some("2025-12-29T00:00:00.000Z", "2025-12-29T23:59:59.999Z");
        assert_eq!(hours_of("2025-12-29T00:00:00Z", "2025-12-30T00:00:00Z", "2025-12-29T20:15:35.580Z"), day);
        assert_eq!(hours_of("2025-01-01T00:00:00Z", "2025-12-22T00:00:00Z", "2025-12-29T20:15:35.580Z"), None);
        assert_eq!(hours_of("2026-01-01T00:00:00Z", "2026-12-22T00:00:00Z", "2025-12-29T20:15:35.580Z"), None);
        let instant = some("2025-12-22T23:59:59.999Z", "2025-12-22T23:59:59.999Z");
        assert_eq!(hours_of("2025-12-22T00:00:00Z", "2025-12-23T00:00:00Z", "2025-12-29T23:59:59.999Z"), instant);
    }

    #[test]
    fn the_ends_of_time_are_no_place_to_fall_over() {
        let (first, last) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z");
        assert!(hours_of(first, last, "0001-01-01T00:00:00.000Z").is_some());
        let (_, to) = hours_of(first, last, "9999-12-31T23:59:59.999Z").unwrap();
        assert_eq!(to, "9999-12-31T23:59:59.999Z");
    }
}
