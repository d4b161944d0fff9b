//! The reference of evidence, in memory: what every other store is compared with.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Bound;

use crate::rejections::{MAX_LISTED_REJECTED_STREAMS, MAX_REJECTED_STREAMS};
use crate::{
    CountedUnder, Evidence, IngestTime, Refusals, RejectedHour, RejectedHours, RejectedStream, RejectionKey,
    RejectionPage, RejectionPlace, RejectionQuery, RejectionRecord,
};

/// A source and a type, in their order.
type Stream = (String, String);

/// Evidence that lasts as long as the process.
#[derive(Debug, Default)]
pub(crate) struct MemoryRejections {
    records: BTreeMap<RejectionKey, RejectionRecord>,
    counts: BTreeMap<CountedUnder, Refusals>,
    streams: BTreeMap<Stream, RejectedStream>,
}

impl MemoryRejections {
    pub(crate) fn keep(&mut self, evidence: Evidence) {
        let Evidence { records, counts, bounds, now } = evidence;
        for record in records {
            match self.records.get_mut(&record.key()) {
                Some(there) => there.merge(record),
                None => drop(self.records.insert(record.key(), record)),
            }
        }
        for (under, refusals) in counts {
            self.count(under, refusals, now);
        }
        if let Some(oldest) = bounds.oldest(now) {
            self.records.retain(|_, record| record.last_time >= oldest);
        }
        let mut bytes: usize = self.records.values().map(RejectionRecord::size).sum();
        while self.records.len() > bounds.records || bytes > bounds.bytes {
            let longest_unseen = self.records.iter().min_by_key(|(key, record)| (record.last_time, **key));
            let Some(key) = longest_unseen.map(|(key, _)| *key) else { break };
            bytes -= self.records.remove(&key).map_or(0, |record| record.size());
        }
    }

    fn count(&mut self, mut under: CountedUnder, refusals: Refusals, now: IngestTime) {
        if let (Some(source), Some(event_type)) = (&under.source, &under.event_type) {
            let stream = (source.clone(), event_type.clone());
            if self.streams.contains_key(&stream) || self.streams.len() < MAX_LISTED_REJECTED_STREAMS {
                let new = RejectedStream {
                    source: source.clone(),
                    event_type: event_type.clone(),
                    count: 0,
                    first_time: now,
                    last_time: now,
                };
                let total = self.streams.entry(stream).or_insert(new);
                total.count += refusals.count;
                total.last_time = total.last_time.max(now);
            }
        }
        let of_hour = self.counts.keys().filter(|known| known.hour == under.hour);
        let known: BTreeSet<_> = of_hour.map(|known| (&known.source, &known.event_type)).collect();
        if known.len() >= MAX_REJECTED_STREAMS && !known.contains(&(&under.source, &under.event_type)) {
            (under.source, under.event_type) = (None, None);
        }
        self.counts.entry(under).or_default().add(refusals);
    }

    pub(crate) fn page(&self, query: &RejectionQuery, after: Option<RejectionPlace>, limit: usize) -> RejectionPage {
        let asked = self.records.values().filter(|record| query.asks_for(record));
        let mut found: Vec<&RejectionRecord> =
            asked.filter(|record| after.is_none_or(|after| record.place() < after)).collect();
        found.sort_by_key(|record| core::cmp::Reverse(record.place()));
        let more = found.len() > limit.max(1);
        found.truncate(limit.max(1));
        let next = if more { found.last().map(|record| record.place()) } else { None };
        RejectionPage { records: found.into_iter().cloned().collect(), next }
    }

    pub(crate) fn hours(&self, query: &RejectedHours) -> Vec<RejectedHour> {
        let mut hours: BTreeMap<_, Refusals> = BTreeMap::new();
        for (under, refusals) in self.counts.iter().filter(|(under, _)| query.ask_for(under)) {
            hours.entry((under.hour, under.code)).or_default().add(*refusals);
        }
        hours.into_iter().map(|((hour, code), refusals)| RejectedHour { hour, code, refusals }).collect()
    }

    pub(crate) fn streams(&self, after: Option<(&str, &str)>, limit: usize) -> Vec<RejectedStream> {
        let after = after.map(|(source, event_type)| (source.to_owned(), event_type.to_owned()));
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.streams.range((start, Bound::Unbounded)).take(limit).map(|(_, stream)| stream.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BodyHash, Code, CountedCode, Legible, RejectionBounds};

    const NOW: IngestTime = IngestTime::FIRST;

    #[test]
    fn streams_beyond_the_most_are_not_listed_and_those_that_are_go_on_counting() {
        let mut kept = MemoryRejections::default();
        let under = |number: usize| CountedUnder {
            hour: NOW,
            source: Some("s".to_owned()),
            event_type: Some(format!("{number:05}")),
            code: CountedCode::Rejected(Code::Empty),
        };
        let stream = |number: usize| RejectedStream {
            source: "s".to_owned(),
            event_type: format!("{number:05}"),
            count: 1,
            first_time: NOW,
            last_time: NOW,
        };
        let all = (1..MAX_LISTED_REJECTED_STREAMS).map(stream);
        kept.streams = all.map(|stream| ((stream.source.clone(), stream.event_type.clone()), stream)).collect();
        let one = Refusals { count: 1, unrecorded: 1 };
        for number in [MAX_LISTED_REJECTED_STREAMS, MAX_LISTED_REJECTED_STREAMS + 1, 1] {
            kept.count(under(number), one, NOW);
        }
        let listed = kept.streams(None, usize::MAX);
        assert_eq!(listed.len(), MAX_LISTED_REJECTED_STREAMS);
        assert_eq!(listed.last(), Some(&stream(MAX_LISTED_REJECTED_STREAMS)));
        assert_eq!(listed[0].count, 2);
    }

    #[test]
    fn a_page_that_holds_all_records_is_the_last() {
        let mut kept = MemoryRejections::default();
        let record = |byte: u8| RejectionRecord {
            first_time: NOW,
            last_time: NOW,
            count: 1,
            request_id: "req-7".to_owned(),
            index: None,
            errors: Vec::new(),
            length: 1,
            sha256: BodyHash::from_bytes([byte; 32]),
            legible: Legible::default(),
            token: None,
            user_agent: None,
            body: None,
        };
        let (records, counts) = (vec![record(1), record(2)], BTreeMap::new());
        kept.keep(Evidence { records, counts, bounds: RejectionBounds::default(), now: NOW });
        let to = IngestTime::from_unix_ms(NOW.unix_ms() + 1).unwrap();
        let query = RejectionQuery { from: NOW, to, source: None, code: None };
        for (limit, more) in [(1, true), (2, false), (3, false)] {
            let page = kept.page(&query, None, limit);
            assert_eq!((page.records.len(), page.next.is_some()), (limit.min(2), more));
        }
    }
}
