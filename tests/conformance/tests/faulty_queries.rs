//! The suite notices stores that answer investigators wrongly.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::Result;
use bytes::Bytes;
use futures_executor::block_on;
use pik_conformance::{Bench, BenchClock, Report, SplitBench, run_queries, run_split_queries};
use pik_core::{
    Answer, Bucket, EventId, Evidence, IngestTime, Investigate, Ledger, MemoryStore, NotKept, Order, Outcome, Page,
    Place, Position, Query, QueryError, RawKey, RawObject, RawStore, Record, RejectedHour, RejectedHours,
    RejectedStream, RejectionPage, RejectionPlace, RejectionQuery, Rejections, Scope, Span, StatsQuery, Status, Store,
    StoreError, Stream, StreamTally, Submission, Tally,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing at all: the wrapper itself passes.
    None,
    EventTimesAsText,
    EventTimesInSeconds,
    DuplicatesBeforeFirst,
    EntityWithoutDuplicates,
    EntityIgnoresCase,
    EntityTrimmed,
    FromExcluded,
    ToIncluded,
    StatusIgnored,
    LagsAsText,
    LagsByMagnitude,
    LagsWithDuplicates,
    MinLagExcluded,
    DayOfArrival,
    JoinsSourceAndType,
    TiesDropped,
    TiesRepeated,
    PagesByNumber,
    PageTooLong,
    PageTooShort,
    NeverTheLast,
    AnyPosition,
    PositionOutweighsQuery,
    ArrivalsWithoutDuplicates,
    ArrivalsByEventTime,
    ArrivalsToIncluded,
    DuplicatesWithFirst,
    DuplicatesOfEverything,
    StatsWithoutEmpty,
    StatsWithoutDuplicates,
    StatsLagsOfDuplicates,
    StatsArrivalsOfFirsts,
    StatsByArrival,
    StatsRankTooLow,
    StatsOfEveryType,
    StatsRemembered,
    RangeIgnoresType,
    RangeIgnoresSource,
    RangeWithoutDuplicates,
    RangeToIncluded,
    RangeByArrival,
    RangeAlwaysAscends,
    StreamsByCodeUnits,
    StreamsWithoutDuplicates,
    StreamsPagesRepeat,
    StreamsAnyPosition,
    ForgetsDuplicatesOnReopening,
    ShowsPending,
    SettledTooSoon,
    FinishedIsForgotten,
}

struct Faulty {
    fault: Fault,
    store: MemoryStore,
    clock: BenchClock,
    remembered: Mutex<Option<(StatsQuery, Vec<Bucket>)>>,
    reopened: bool,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        let clock = BenchClock::default();
        let store = MemoryStore { clock: clock.clock(), ..MemoryStore::default() };
        Self { fault, store, clock, remembered: Mutex::default(), reopened: false }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Everything there is to ask for.
    fn all(&self) -> Vec<Record> {
        let mut all = self.store.ledger.all();
        for record in all.iter_mut().filter(|record| record.status == Status::Pending) {
            if self.has(Fault::ShowsPending) {
                record.status = Status::Accepted;
            }
        }
        if self.has(Fault::FinishedIsForgotten) {
            all.iter_mut().for_each(|record| record.finished_time = None);
        }
        let forgets = self.reopened && self.has(Fault::ForgetsDuplicatesOnReopening);
        all.retain(|record| match record.status {
            Status::Pending => false,
            Status::Accepted => true,
            Status::Duplicate => !forgets,
        });
        all
    }

    fn asks_for(&self, query: &Query, record: &Record) -> bool {
        let mut query = query.clone();
        match &mut query {
            Query::Entity { entity_id, from, to, status } => match self.fault {
                Fault::EntityWithoutDuplicates if status.is_none() => *status = Some(Outcome::Accepted),
                Fault::EntityIgnoresCase if entity_id.eq_ignore_ascii_case(&record.entity_id) => {
                    entity_id.clone_from(&record.entity_id);
                }
                Fault::EntityTrimmed if entity_id.trim() == record.entity_id.trim() => {
                    entity_id.clone_from(&record.entity_id);
                }
                Fault::FromExcluded if *from == Some(record.event_time) => return false,
                Fault::ToIncluded if *to == Some(record.event_time) => *to = None,
                Fault::StatusIgnored => *status = None,
                _ => {}
            },
            Query::Lag { source, event_type, event_date, min_lag_ms } => match self.fault {
                Fault::LagsWithDuplicates => {
                    let first = Record { status: Status::Accepted, ..record.clone() };
                    return query.asks_for(&first);
                }
                Fault::MinLagExcluded if *min_lag_ms == Some(record.ingest_lag_ms) => return false,
                Fault::DayOfArrival => {
                    let day = *record.ingest_time.date() == *event_date.date();
                    *event_date = record.event_time;
                    return day && query.asks_for(record);
                }
                Fault::JoinsSourceAndType => {
                    let joined = |source: &str, event_type: &str| format!("{source}/event_type={event_type}");
                    if joined(source, event_type) == joined(&record.source, &record.event_type) {
                        source.clone_from(&record.source);
                        event_type.clone_from(&record.event_type);
                    }
                }
                _ => {}
            },
            Query::Arrivals { to, status, .. } => match self.fault {
                Fault::ArrivalsWithoutDuplicates if status.is_none() => *status = Some(Outcome::Accepted),
                Fault::ArrivalsToIncluded => *to = IngestTime::from_unix_ms(to.unix_ms() + 1).unwrap(),
                Fault::StatusIgnored => *status = None,
                _ => {}
            },
            Query::Range(range) => match self.fault {
                Fault::RangeIgnoresType => {
                    if let Scope::Stream { source, .. } = &range.scope {
                        range.scope = Scope::Source { source: source.clone() };
                    }
                }
                Fault::RangeIgnoresSource => range.scope = Scope::All,
                Fault::RangeWithoutDuplicates if range.status.is_none() => range.status = Some(Outcome::Accepted),
                Fault::RangeToIncluded => {
                    if let Span::EventTime { to: to @ Some(_), .. } = &mut range.span
                        && *to == Some(record.event_time)
                    {
                        *to = None;
                    }
                }
                _ => {}
            },
            Query::Duplicates { event_id } => match self.fault {
                Fault::DuplicatesWithFirst => return record.event_id == *event_id,
                Fault::DuplicatesOfEverything => *event_id = record.event_id,
                _ => {}
            },
        }
        query.asks_for(record)
    }

    /// What decides the order, as something that can be compared.
    fn key(&self, query: &Query, place: &Place) -> (Vec<String>, i64) {
        // As numbers of one width, so that they compare as text.
        let number = |value: i64| format!("{:020}", i128::from(value) + (1 << 62));
        let Place { event_id, event_time, ingest_time, listed_time, ingest_lag_ms, status, receipt } = place;
        let mut arrival = vec![status.as_str().to_owned(), ingest_time.to_string(), receipt.as_str().to_owned()];
        if self.has(Fault::DuplicatesBeforeFirst) {
            let first = if *status == Outcome::Duplicate { "A" } else { "B" };
            arrival[0] = first.to_owned();
        }
        match query {
            Query::Entity { .. } => {
                let time = match self.fault {
                    Fault::EventTimesAsText => event_time.to_string(),
                    Fault::EventTimesInSeconds => number(event_time.unix_seconds()),
                    _ => event_time.sort_key().as_str().to_owned(),
                };
                ([vec![time, event_id.to_string()], arrival].concat(), 0)
            }
            Query::Lag { .. } => match self.fault {
                Fault::LagsAsText => (vec![format!("{:?}", Reverse(ingest_lag_ms.to_string()))], 0),
                Fault::LagsByMagnitude => (vec![event_id.to_string()], -(ingest_lag_ms.abs())),
                _ => (vec![number(-ingest_lag_ms), event_id.to_string()], 0),
            },
            Query::Arrivals { .. } if self.has(Fault::ArrivalsByEventTime) => {
                ([vec![event_time.sort_key().as_str().to_owned(), event_id.to_string()], arrival].concat(), 0)
            }
            Query::Arrivals { .. } => ([vec![listed_time.to_string(), event_id.to_string()], arrival].concat(), 0),
            Query::Range(range) => {
                let time = match range.span {
                    Span::EventTime { .. } if self.has(Fault::RangeByArrival) => listed_time.to_string(),
                    Span::EventTime { .. } => event_time.sort_key().as_str().to_owned(),
                    Span::Arrival { .. } => listed_time.to_string(),
                };
                let key = [vec![time, event_id.to_string()], arrival].concat();
                let is_reversed = range.order == Order::Descending && !self.has(Fault::RangeAlwaysAscends);
                if is_reversed { (key.iter().map(|text| complement(text)).collect(), 0) } else { (key, 0) }
            }
            Query::Duplicates { .. } => (arrival, 0),
        }
    }

    /// What streams are sorted by.
    fn stream_key(&self, source: &str, event_type: &str) -> (Vec<u32>, Vec<u32>) {
        let key = |text: &str| -> Vec<u32> {
            match self.fault {
                Fault::StreamsByCodeUnits => text.encode_utf16().map(u32::from).collect(),
                _ => text.bytes().map(u32::from).collect(),
            }
        };
        (key(source), key(event_type))
    }

    fn is_behind(&self, query: &Query, after: &Place, record: &Record) -> bool {
        let (place, ties) = (Place::of(record), [Fault::TiesDropped, Fault::TiesRepeated].contains(&self.fault));
        if ties && matches!(query, Query::Lag { .. }) {
            return match self.fault {
                Fault::TiesDropped => place.ingest_lag_ms < after.ingest_lag_ms,
                _ => place.ingest_lag_ms <= after.ingest_lag_ms && place != *after,
            };
        }
        let (place, after) = (self.key(query, &place), self.key(query, after));
        (place.1, place.0) > (after.1, after.0)
    }
}

/// A text that sorts the other way round among texts of equal length.
fn complement(text: &str) -> String {
    text.bytes().map(|byte| char::from(255 - byte)).collect()
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
        match self.fault {
            Fault::SettledTooSoon => Ok(now),
            _ => self.store.settled_until(now).await,
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }
}

impl Rejections for Faulty {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.store.keep(evidence).await
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        self.store.rejections(query, after, limit).await
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        self.store.rejected_hours(query).await
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        self.store.rejected_streams(after, limit).await
    }
}

impl Investigate for Faulty {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        let outweighs = self.has(Fault::PositionOutweighsQuery) && after.is_some();
        let mut found: Vec<Record> =
            self.all().into_iter().filter(|record| outweighs || self.asks_for(query, record)).collect();
        found.sort_by_cached_key(|record| {
            let (key, number) = self.key(query, &Place::of(record));
            (number, key)
        });
        if self.has(Fault::PagesByNumber) {
            let from = after.map(|position| position.as_str().parse()).transpose().map_err(|_| QueryError::Position)?;
            let from = from.unwrap_or(0);
            let records: Vec<Record> = found.iter().skip(from).take(limit).cloned().collect();
            let next = (found.len() > from + limit).then(|| Position::new((from + limit).to_string()));
            return Ok(Page { items: records, next });
        }
        if let Some(position) = after {
            match Place::read(position) {
                Some(after) => found.retain(|record| self.is_behind(query, &after, record)),
                None if self.has(Fault::AnyPosition) => {}
                None => return Err(QueryError::Position),
            }
        }
        let limit = match self.fault {
            Fault::PageTooLong => limit + 1,
            Fault::PageTooShort => limit.div_ceil(2),
            _ => limit,
        };
        let more = found.len() > limit || (self.has(Fault::NeverTheLast) && found.len() == limit);
        found.truncate(limit);
        let next = if more { found.last().map(|record| Place::of(record).position()) } else { None };
        Ok(Page { items: found, next })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        if self.has(Fault::StatsRemembered)
            && let Some((asked, answer)) = &*self.remembered.lock().unwrap()
            && asked == query
        {
            return Ok(answer.clone());
        }
        let mut tallies = vec![Tally::default(); query.buckets()];
        for record in self.all() {
            let is_type = record.event_type == query.event_type || self.has(Fault::StatsOfEveryType);
            if record.source != query.source && !(self.has(Fault::StatsOfEveryType) && record.source == "heartbeat") {
                continue;
            }
            let time = match self.fault {
                Fault::StatsByArrival => record.ingest_time.to_string().parse().unwrap(),
                _ => record.event_time,
            };
            let Some(place) = query.place_of(&time).filter(|_| is_type) else { continue };
            let tally = &mut tallies[place];
            let Place { status, ingest_time, ingest_lag_ms, .. } = Place::of(&record);
            match (self.fault, status) {
                (Fault::StatsWithoutDuplicates, Outcome::Duplicate) => {}
                (Fault::StatsArrivalsOfFirsts, Outcome::Duplicate) => tally.duplicate += 1,
                (Fault::StatsLagsOfDuplicates, Outcome::Duplicate) => {
                    tally.add(status, ingest_time, ingest_lag_ms);
                    tally.lags.add(ingest_lag_ms);
                }
                _ => tally.add(status, ingest_time, ingest_lag_ms),
            }
        }
        let mut answer = query.answer(&tallies);
        match self.fault {
            Fault::StatsWithoutEmpty => answer.retain(|bucket| bucket.accepted + bucket.duplicate > 0),
            Fault::StatsRankTooLow => {
                // The rank rounded down instead of up.
                for lags in answer.iter_mut().filter_map(|bucket| bucket.lag_ms.as_mut()) {
                    lags.p95 -= 1;
                }
            }
            Fault::StatsRemembered => *self.remembered.lock().unwrap() = Some((query.clone(), answer.clone())),
            _ => {}
        }
        Ok(answer)
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        let after = after.map(|position| Stream::names_of(position).ok_or(QueryError::Position));
        let after = match after.transpose() {
            Err(_) if self.has(Fault::StreamsAnyPosition) => None,
            after => after?.map(|(source, event_type)| self.stream_key(source, event_type)),
        };
        let mut streams: BTreeMap<(Vec<u32>, Vec<u32>), (StreamTally, Record)> = BTreeMap::new();
        for record in self.all() {
            let key = self.stream_key(&record.source, &record.event_type);
            let Place { status, ingest_time, event_time, .. } = Place::of(&record);
            let (tally, _) = streams.entry(key).or_insert_with(|| (StreamTally::default(), record));
            if status == Outcome::Accepted || !self.has(Fault::StreamsWithoutDuplicates) {
                tally.add(status, ingest_time, event_time);
            }
        }
        let repeats = self.has(Fault::StreamsPagesRepeat);
        let behind = streams.into_iter().filter(|(key, _)| {
            after.as_ref().is_none_or(|after| after < key || (repeats && limit == 3 && after == key))
        });
        let mut items: Vec<Stream> =
            behind.filter_map(|(_, (tally, record))| tally.stream(record.source, record.event_type)).collect();
        let more = items.len() > limit.max(1);
        items.truncate(limit.max(1));
        let next = if more { items.last().map(Stream::position) } else { None };
        Ok(Page { items, next })
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
        self.0.reopened = true;
        Ok(())
    }
}

impl SplitBench for FaultyBench {
    fn ledger(&self) -> &impl Ledger {
        &self.0.store.ledger
    }

    fn raw_store(&self) -> &impl RawStore {
        &self.0.store.raw_store
    }

    fn clock(&self) -> &BenchClock {
        &self.0.clock
    }
}

/// Each fault and a check that must notice it, if not the only one.
const NOTICED: [(Fault, &str); 51] = [
    (Fault::EventTimesAsText, "entity_in_order"),
    (Fault::EventTimesInSeconds, "entity_in_order"),
    (Fault::DuplicatesBeforeFirst, "entity_one_instant"),
    (Fault::EntityWithoutDuplicates, "entity_status"),
    (Fault::EntityIgnoresCase, "entity_odd_names"),
    (Fault::EntityTrimmed, "entity_odd_names"),
    (Fault::FromExcluded, "entity_bounds"),
    (Fault::ToIncluded, "entity_bounds"),
    (Fault::StatusIgnored, "entity_status"),
    (Fault::StatusIgnored, "arrivals_in_order"),
    (Fault::LagsAsText, "lag_in_order"),
    (Fault::LagsByMagnitude, "lag_in_order"),
    (Fault::LagsWithDuplicates, "lag_in_order"),
    (Fault::MinLagExcluded, "lag_in_order"),
    (Fault::DayOfArrival, "lag_one_day"),
    (Fault::JoinsSourceAndType, "lag_odd_names"),
    (Fault::TiesDropped, "lag_ties"),
    (Fault::TiesRepeated, "lag_ties"),
    (Fault::PagesByNumber, "meanwhile_by_entity"),
    (Fault::PagesByNumber, "meanwhile_by_lag"),
    (Fault::PagesByNumber, "meanwhile_by_arrival"),
    (Fault::PageTooLong, "entity_in_order"),
    (Fault::PageTooShort, "arrivals_in_order"),
    (Fault::NeverTheLast, "duplicates_by_arrival"),
    (Fault::AnyPosition, "broken_positions"),
    (Fault::PositionOutweighsQuery, "foreign_positions"),
    (Fault::ArrivalsWithoutDuplicates, "arrivals_in_order"),
    (Fault::ArrivalsByEventTime, "arrivals_in_order"),
    (Fault::ArrivalsToIncluded, "arrivals_bounds"),
    (Fault::SettledTooSoon, "settled_clock_steps_back"),
    (Fault::DuplicatesWithFirst, "duplicates_none"),
    (Fault::DuplicatesOfEverything, "duplicates_by_arrival"),
    (Fault::StatsWithoutEmpty, "stats_empty"),
    (Fault::StatsWithoutDuplicates, "stats_duplicates"),
    (Fault::StatsLagsOfDuplicates, "stats_duplicates"),
    (Fault::StatsArrivalsOfFirsts, "stats_duplicates"),
    (Fault::StatsByArrival, "stats_edges"),
    (Fault::StatsRankTooLow, "stats_percentiles"),
    (Fault::StatsOfEveryType, "stats_apart"),
    (Fault::StatsRemembered, "stats_duplicates"),
    (Fault::RangeIgnoresType, "range_scopes"),
    (Fault::RangeIgnoresSource, "range_scopes"),
    (Fault::RangeWithoutDuplicates, "range_scopes"),
    (Fault::RangeToIncluded, "range_bounds"),
    (Fault::RangeByArrival, "range_scopes"),
    (Fault::RangeAlwaysAscends, "range_scopes"),
    (Fault::StreamsByCodeUnits, "streams_listed"),
    (Fault::StreamsWithoutDuplicates, "streams_listed"),
    (Fault::StreamsPagesRepeat, "streams_listed"),
    (Fault::StreamsAnyPosition, "streams_positions"),
    (Fault::ForgetsDuplicatesOnReopening, "answers_after_reopening"),
];

fn report(fault: Fault, only: Option<&str>) -> Report {
    block_on(run_queries(&mut FaultyBench(Faulty::new(fault)), 1, only))
}

#[test]
fn every_fault_is_noticed() {
    for (fault, check) in NOTICED {
        let report = report(fault, Some(check));
        println!("{fault:?}\n{report}");
        assert_eq!(report.failures().len(), 1, "{check} did not notice {fault:?}");
    }
}

#[test]
fn a_claim_that_is_shown_is_noticed() {
    let report =
        block_on(run_split_queries(&FaultyBench(Faulty::new(Fault::ShowsPending)), 1, Some("pending_never_shown")));
    assert_eq!(report.failures().len(), 1, "{report}");
}

#[test]
fn windows_that_gain_what_is_finished_later_are_noticed() {
    for check in ["settled_claim_finished_later", "settled_slow_attempt"] {
        let bench = FaultyBench(Faulty::new(Fault::FinishedIsForgotten));
        let report = block_on(run_split_queries(&bench, 1, Some(check)));
        assert_eq!(report.failures().len(), 1, "{report}");
    }
}

#[test]
fn the_wrapper_alone_passes() {
    report(Fault::None, None).assert();
    block_on(run_split_queries(&FaultyBench(Faulty::new(Fault::None)), 1, None)).assert();
}
