//! The suite notices stores that keep evidence of refused events wrongly.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use anyhow::Result;
use bytes::Bytes;
use futures_executor::block_on;
use pik_conformance::{Bench, Report, run_bounded_rejections, run_rejections};
use pik_core::{
    Answer, Bucket, CountedUnder, EventId, Evidence, IngestTime, Investigate, KeptBody, MAX_REJECTED_STREAMS,
    MemoryStore, NotKept, Page, Position, Query, QueryError, RawKey, RawObject, Record, Refusals, RejectedHour,
    RejectedHours, RejectedStream, RejectionBounds, RejectionPage, RejectionPlace, RejectionQuery, RejectionRecord,
    Rejections, StatsQuery, Store, StoreError, Stream, Submission,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing at all: the store itself passes.
    None,
    BodyLost,
    BodyAlwaysText,
    TokenLost,
    EventTimeLost,
    FirstErrorAlone,
    IndexAlways,
    NeverMerges,
    CodesDoNotMatter,
    SeenOnceIsEnough,
    LastTimeFallsBack,
    FirstTimeMoves,
    DetailsOfTheLast,
    BodyOfTheFirstAlone,
    OldestFirst,
    ByLastTime,
    TiesDropped,
    TiesRepeated,
    PageTooLong,
    FirstPageAlone,
    SourceIgnored,
    SourceAsPattern,
    SourceOrNone,
    CodeIgnored,
    FirstCodeAlone,
    FirstTimeInWindow,
    FromExcluded,
    ToIncluded,
    CountsReplaced,
    UnrecordedLost,
    HoursCut,
    HourToIncluded,
    HoursByCode,
    HoursOfEveryType,
    HoursOfEverySource,
    TypeOrNone,
    StreamFromTheFirstTime,
    StreamLimitIgnored,
    StreamsWithTheOneBefore,
    StreamsOfTheLastTimeAlone,
    CountsWithoutBound,
    CountsBeyondDropped,
    RecordsWithoutBound,
    BytesWithoutBound,
    AgeWithoutBound,
    AgeOneTooShort,
    OldestGoFirst,
    CountsGoToo,
    ForgetsRecordsOnReopening,
    ForgetsCountsOnReopening,
}

use Fault as F;

#[derive(Default)]
struct Kept {
    records: Vec<RejectionRecord>,
    counts: BTreeMap<CountedUnder, Refusals>,
    streams: BTreeMap<(String, String), RejectedStream>,
}

struct Faulty {
    fault: Fault,
    store: MemoryStore,
    kept: Mutex<Kept>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { fault, store: MemoryStore::default(), kept: Mutex::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn keep_record(&self, records: &mut Vec<RejectionRecord>, mut record: RejectionRecord) {
        match self.fault {
            F::BodyLost => record.body = None,
            F::BodyAlwaysText => {
                let text = |body: KeptBody| KeptBody::Text(String::from_utf8_lossy(&body.to_bytes()).into_owned());
                record.body = record.body.map(text);
            }
            F::TokenLost => record.token = None,
            F::EventTimeLost => record.legible.event_time = None,
            F::FirstErrorAlone => record.errors.truncate(1),
            F::IndexAlways => record.index = record.index.or(Some(0)),
            _ => {}
        }
        let is_same = |other: &&mut RejectionRecord| match self.fault {
            F::NeverMerges => false,
            F::CodesDoNotMatter => other.sha256 == record.sha256,
            _ => other.sha256 == record.sha256 && other.key() == record.key(),
        };
        let Some(there) = records.iter_mut().find(is_same) else { return records.push(record) };
        let (first_time, last_time) = (record.first_time, record.last_time);
        match self.fault {
            F::SeenOnceIsEnough => return,
            F::DetailsOfTheLast => there.request_id.clone_from(&record.request_id),
            F::BodyOfTheFirstAlone => record.body = None,
            _ => {}
        }
        there.merge(record);
        match self.fault {
            F::LastTimeFallsBack => there.last_time = last_time,
            F::FirstTimeMoves => there.first_time = first_time,
            _ => {}
        }
    }

    fn count(&self, kept: &mut Kept, mut under: CountedUnder, mut refusals: Refusals, now: IngestTime) {
        if self.has(F::UnrecordedLost) {
            refusals.unrecorded = 0;
        }
        if let (Some(source), Some(event_type)) = (under.source.clone(), under.event_type.clone()) {
            let new = RejectedStream {
                source: source.clone(),
                event_type: event_type.clone(),
                count: 0,
                first_time: now,
                last_time: now,
            };
            let stream = kept.streams.entry((source, event_type)).or_insert(new);
            stream.count += refusals.count;
            stream.last_time = now;
            match self.fault {
                F::StreamFromTheFirstTime => stream.last_time = stream.first_time,
                F::StreamsOfTheLastTimeAlone => stream.first_time = now,
                _ => {}
            }
        }
        let of_hour = kept.counts.keys().filter(|known| known.hour == under.hour);
        let known: BTreeSet<_> = of_hour.map(|known| (&known.source, &known.event_type)).collect();
        if known.len() >= MAX_REJECTED_STREAMS && !known.contains(&(&under.source, &under.event_type)) {
            match self.fault {
                F::CountsWithoutBound => {}
                F::CountsBeyondDropped => return,
                _ => (under.source, under.event_type) = (None, None),
            }
        }
        let there = kept.counts.entry(under).or_default();
        if self.has(F::CountsReplaced) {
            *there = Refusals::default();
        }
        there.add(refusals);
    }

    fn evict(&self, kept: &mut Kept, bounds: RejectionBounds, now: IngestTime) {
        let before = kept.records.len();
        let oldest = bounds.oldest(now).unwrap();
        kept.records.retain(|record| match self.fault {
            F::AgeWithoutBound => true,
            F::AgeOneTooShort => record.last_time > oldest,
            _ => record.last_time >= oldest,
        });
        let size = |records: &[RejectionRecord]| -> usize { records.iter().map(RejectionRecord::size).sum() };
        kept.records.sort_by_cached_key(|record| {
            let by = if self.has(F::OldestGoFirst) { record.first_time } else { record.last_time };
            Reverse((by, record.key()))
        });
        while (kept.records.len() > bounds.records && !self.has(F::RecordsWithoutBound))
            || (size(&kept.records) > bounds.bytes && !self.has(F::BytesWithoutBound))
        {
            kept.records.pop();
        }
        if self.has(F::CountsGoToo) && kept.records.len() < before {
            kept.counts.clear();
        }
    }

    /// Where a record stands in the order of this store.
    fn place(&self, record: &RejectionRecord) -> RejectionPlace {
        let first_time = if self.has(F::ByLastTime) { record.last_time } else { record.first_time };
        RejectionPlace { first_time, key: record.key() }
    }

    fn asks_for(&self, query: &RejectionQuery, record: &RejectionRecord) -> bool {
        let mut query = query.clone();
        match self.fault {
            F::SourceIgnored => query.source = None,
            F::SourceOrNone if record.legible.source.is_none() => query.source = None,
            F::SourceAsPattern => {
                let prefix = query.source.as_deref().and_then(|source| source.strip_suffix('%'));
                if record.legible.source.as_deref().zip(prefix).is_some_and(|(name, prefix)| name.starts_with(prefix)) {
                    query.source = None;
                }
            }
            F::CodeIgnored => query.code = None,
            F::FirstCodeAlone if query.code.is_some_and(|code| code != record.errors[0].code) => return false,
            F::FirstTimeInWindow if record.first_time < query.from => return false,
            F::FromExcluded if record.last_time == query.from => return false,
            F::ToIncluded => query.to = IngestTime::from_unix_ms(query.to.unix_ms() + 1).unwrap(),
            _ => {}
        }
        query.asks_for(record)
    }

    fn asks_for_count(&self, query: &RejectedHours, under: &CountedUnder) -> bool {
        let mut query = query.clone();
        match self.fault {
            F::HoursCut if under.hour < query.from => return false,
            F::HourToIncluded if under.hour == query.to => return true,
            F::HoursOfEveryType => query.event_type = None,
            F::HoursOfEverySource => query.source = None,
            F::TypeOrNone if under.event_type.is_none() => query.event_type = None,
            _ => {}
        }
        query.ask_for(under)
    }
}

impl Rejections for Faulty {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        let mut kept = self.kept.lock().unwrap();
        let Evidence { records, counts, bounds, now } = evidence;
        for record in records {
            self.keep_record(&mut kept.records, record);
        }
        for (under, refusals) in counts {
            self.count(&mut kept, under, refusals, now);
        }
        self.evict(&mut kept, bounds, now);
        Ok(())
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        let mut found: Vec<RejectionRecord> = self.kept.lock().unwrap().records.clone();
        found.retain(|record| self.asks_for(query, record));
        if let Some(after) = after {
            found.retain(|record| {
                let place = self.place(record);
                match self.fault {
                    F::TiesDropped => place.first_time < after.first_time,
                    F::TiesRepeated => place.first_time <= after.first_time && place.key != after.key,
                    F::OldestFirst => place > after,
                    _ => place < after,
                }
            });
        }
        found.sort_by_cached_key(|record| Reverse(self.place(record)));
        if self.has(F::OldestFirst) {
            found.reverse();
        }
        let limit = if self.has(F::PageTooLong) { limit + 1 } else { limit };
        let more = found.len() > limit && !self.has(F::FirstPageAlone);
        found.truncate(limit);
        let next = if more { found.last().map(|record| self.place(record)) } else { None };
        Ok(RejectionPage { records: found, next })
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        let mut hours: BTreeMap<_, Refusals> = BTreeMap::new();
        for (under, refusals) in &self.kept.lock().unwrap().counts {
            if self.asks_for_count(query, under) {
                hours.entry((under.hour, under.code)).or_default().add(*refusals);
            }
        }
        let hours = hours.into_iter().map(|((hour, code), refusals)| RejectedHour { hour, code, refusals });
        let mut hours: Vec<RejectedHour> = hours.collect();
        if self.has(F::HoursByCode) {
            hours.sort_by_key(|hour| hour.code);
        }
        Ok(hours)
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        let limit = if self.has(F::StreamLimitIgnored) { usize::MAX } else { limit };
        let is_behind = |source: &str, event_type: &str| match after {
            None => true,
            Some(after) if self.has(F::StreamsWithTheOneBefore) => after <= (source, event_type),
            Some(after) => after < (source, event_type),
        };
        let kept = self.kept.lock().unwrap();
        let behind = kept.streams.values().filter(|stream| is_behind(&stream.source, &stream.event_type));
        Ok(behind.take(limit).cloned().collect())
    }
}

impl Store for Faulty {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        self.store.ingest(submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        self.store.ingest_batch(submissions).await
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.store.find(id).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        self.store.raw(id).await
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        self.store.settled_until(now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }
}

impl Investigate for Faulty {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        self.store.records(query, after, limit).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.store.stats(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.store.streams(after, limit).await
    }
}

struct FaultyBench(Faulty);

impl Bench for FaultyBench {
    type Store = Faulty;

    fn store(&self) -> &Faulty {
        &self.0
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        Ok(self.0.store.raw_store.objects(id))
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        Ok(self.0.store.ledger.records(id))
    }

    async fn reopen(&mut self) -> Result<()> {
        let mut kept = self.0.kept.lock().unwrap();
        match self.0.fault {
            F::ForgetsRecordsOnReopening => kept.records.clear(),
            F::ForgetsCountsOnReopening => kept.counts.clear(),
            _ => {}
        }
        Ok(())
    }
}

/// Each fault and a check that must notice it, if not the only one.
const NOTICED: [(Fault, &str); 50] = [
    (F::BodyLost, "rejections_complete"),
    (F::BodyAlwaysText, "rejections_complete"),
    (F::TokenLost, "rejections_complete"),
    (F::EventTimeLost, "rejections_complete"),
    (F::FirstErrorAlone, "rejections_complete"),
    (F::IndexAlways, "rejections_complete"),
    (F::NeverMerges, "rejections_merged"),
    (F::CodesDoNotMatter, "rejections_merged"),
    (F::SeenOnceIsEnough, "rejections_merged"),
    (F::LastTimeFallsBack, "rejections_merged"),
    (F::FirstTimeMoves, "rejections_merged"),
    (F::DetailsOfTheLast, "rejections_merged"),
    (F::BodyOfTheFirstAlone, "rejections_merged"),
    (F::OldestFirst, "rejections_in_order"),
    (F::ByLastTime, "rejections_in_order"),
    (F::TiesDropped, "rejections_in_order"),
    (F::TiesRepeated, "rejections_in_order"),
    (F::PageTooLong, "rejections_in_order"),
    (F::FirstPageAlone, "rejections_in_order"),
    (F::SourceIgnored, "rejections_filtered"),
    (F::SourceAsPattern, "rejections_filtered"),
    (F::SourceOrNone, "rejections_filtered"),
    (F::CodeIgnored, "rejections_filtered"),
    (F::FirstCodeAlone, "rejections_filtered"),
    (F::FirstTimeInWindow, "rejections_filtered"),
    (F::FromExcluded, "rejections_filtered"),
    (F::ToIncluded, "rejections_filtered"),
    (F::CountsReplaced, "rejections_counted"),
    (F::UnrecordedLost, "rejections_counted"),
    (F::HoursCut, "rejections_counted"),
    (F::HourToIncluded, "rejections_counted"),
    (F::HoursByCode, "rejections_counted"),
    (F::HoursOfEveryType, "rejections_counted"),
    (F::HoursOfEveryType, "rejections_of_stream"),
    (F::HoursOfEverySource, "rejections_bounded_counts"),
    (F::TypeOrNone, "rejections_counted"),
    (F::StreamFromTheFirstTime, "rejections_counted"),
    (F::StreamLimitIgnored, "rejections_counted"),
    (F::StreamsWithTheOneBefore, "rejections_counted"),
    (F::StreamsOfTheLastTimeAlone, "rejections_counted"),
    (F::CountsWithoutBound, "rejections_bounded_counts"),
    (F::CountsBeyondDropped, "rejections_bounded_counts"),
    (F::ForgetsRecordsOnReopening, "rejections_reopened"),
    (F::ForgetsCountsOnReopening, "rejections_reopened"),
    (F::RecordsWithoutBound, "rejections_evicted"),
    (F::BytesWithoutBound, "rejections_evicted"),
    (F::AgeWithoutBound, "rejections_evicted"),
    (F::AgeOneTooShort, "rejections_evicted"),
    (F::OldestGoFirst, "rejections_evicted"),
    (F::CountsGoToo, "rejections_evicted"),
];

fn reports(fault: Fault, only: Option<&str>) -> [Report; 2] {
    let mut bench = FaultyBench(Faulty::new(fault));
    [block_on(run_rejections(&mut bench, 1, only)), block_on(run_bounded_rejections(&bench, 1, only))]
}

#[test]
fn every_fault_is_noticed() {
    for (fault, check) in NOTICED {
        let failures: usize = reports(fault, Some(check)).iter().map(|report| report.failures().len()).sum();
        assert_eq!(failures, 1, "{check} did not notice {fault:?}");
    }
}

#[test]
fn the_store_alone_passes() {
    reports(F::None, None).iter().for_each(Report::assert);
}
