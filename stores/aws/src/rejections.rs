//! Evidence of what was refused, in partitions of the table beside the records. Nothing of it is in an index.
//!
//! | | partition | sort | write units |
//! |---|---|---|---|
//! | records | `rejected/records/{date}` | `{hour}#{key}` | one a kilobyte begun |
//! | counts | `rejected/counts/{date}` | `{hour}#{source}{U+0001}{type}{U+0001}{code}` | one, and two more for the first of its kind |
//! | streams | `rejected/streams` | `{source}{U+0001}{type}` | the same |
//!
//! Equal bodies are one record within an hour, so a window reads the hours that it has and no others. Records expire by
//! `expires`, the table's TTL attribute; counts do not. A count whose update was sent twice by the SDK, because an answer was
//! lost, is counted twice.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use futures_util::stream::{self, StreamExt};
use pik_core::{
    BodyHash, CountedCode, CountedUnder, Evidence, IngestTime, KeptBody, KeptError, Legible,
    MAX_LISTED_REJECTED_STREAMS, MAX_REJECTED_STREAMS, NotKept, Refusals, RejectedHour, RejectedHours, RejectedStream,
    RejectionPage, RejectionPlace, RejectionQuery, RejectionRecord, Rejections, StoreError,
};

use crate::DynamoLedger;
use crate::failure::store_error;
use crate::item::{self, Item};
use crate::on::On;
use crate::schema::{EVENT_ID, KIND};
use crate::walk::{behind, between};

/// The most records that a host begins in a minute, unless it is told otherwise.
pub const REJECTIONS_A_MINUTE: usize = 120;

/// What the partitions of evidence begin with. No event's id does.
pub(crate) const PREFIX: &str = "rejected/";
const STREAMS: &str = "rejected/streams";
/// When DynamoDB may remove a record, in seconds since 1970.
pub(crate) const EXPIRES: &str = "expires";

/// What stands between names: they have no control characters.
const BETWEEN: char = '\u{1}';
/// The sort key of how many items of a kind there are begins with this; no other does.
const HOW_MANY: &str = "\u{1}";

const SIDE_BY_SIDE: usize = 8;
const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

/// Whether an item is evidence, and no record of an event.
pub(crate) fn is_evidence(item: &Item) -> bool {
    item.get(EVENT_ID).and_then(|id| id.as_s().ok()).is_some_and(|id| id.starts_with(PREFIX))
}

fn records_of(date: &str) -> String {
    format!("{PREFIX}records/{date}")
}

fn counts_of(date: &str) -> String {
    format!("{PREFIX}counts/{date}")
}

/// The two digits of a time's hour.
fn hour_digits(time: IngestTime) -> String {
    format!("{:02}", time.unix_ms().rem_euclid(MS_PER_DAY) / MS_PER_HOUR)
}

fn key(partition: &str, sort: &str) -> Item {
    Item::from([(EVENT_ID.to_owned(), item::text(partition)), (KIND.to_owned(), item::text(sort))])
}

/// What became of an update under a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Update {
    Done,
    Refused,
}

impl DynamoLedger {
    async fn update(&self, update: UpdateItemFluentBuilder) -> Result<Update, StoreError> {
        match Box::pin(update.send()).await {
            Ok(_) => Ok(Update::Done),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Update::Refused),
                Some(_) | None => Err(store_error("keep evidence", On::Table(&self.table), error)),
            },
        }
    }

    fn change(&self, partition: &str, sort: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(key(partition, sort)))
    }

    /// Begins a record, or merges into it.
    async fn keep_record(&self, record: &RejectionRecord, age_ms: i64) -> Result<(), StoreError> {
        let partition = records_of(&record.first_time.date());
        let sort = format!("{}#{}", hour_digits(record.first_time), record.key());
        let mut first = vec![
            ("first_time", item::text(record.first_time)),
            ("request_id", item::text(&record.request_id)),
            ("errors", item::text(errors_text(&record.errors)?)),
            ("length", item::number(record.length)),
            ("sha256", item::text(record.sha256)),
        ];
        let Legible { source, event_type, entity_id, event_time } = &record.legible;
        let texts = [("source", source), ("event_type", event_type), ("rejected_entity", entity_id)];
        let texts = texts.into_iter().chain([("token", &record.token), ("user_agent", &record.user_agent)]);
        first.extend(texts.filter_map(|(name, text)| Some((name, item::text(text.as_ref()?)))));
        first.extend(event_time.map(|time| ("event_time", item::text(time))));
        first.extend(record.index.map(|index| ("place", item::number(index))));
        first.extend(record.body.as_ref().map(|body| match body {
            KeptBody::Text(text) => ("body", item::text(text)),
            KeptBody::Hex(digits) => ("body_hex", item::text(digits)),
        }));
        let sets: Vec<String> =
            first.iter().map(|(name, _)| format!("#{name} = if_not_exists(#{name}, :{name})")).collect();
        let common = |last: &str| format!("SET {}{last} ADD #count :count", sets.join(", "));
        let build = |expression: String| {
            let mut update = self.change(&partition, &sort).update_expression(expression);
            for (name, value) in &first {
                update = update
                    .expression_attribute_names(format!("#{name}"), *name)
                    .expression_attribute_values(format!(":{name}"), value.clone());
            }
            update
                .expression_attribute_names("#count", "count")
                .expression_attribute_values(":count", item::number(record.count))
        };
        let expires = (record.last_time.unix_ms().saturating_add(age_ms)) / 1_000;
        let latest = build(common(", #last_time = :last_time, #expires = :expires"))
            .expression_attribute_names("#last_time", "last_time")
            .expression_attribute_values(":last_time", item::text(record.last_time))
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_values(":expires", item::number(expires))
            .condition_expression("attribute_not_exists(#last_time) OR #last_time <= :last_time");
        match self.update(latest).await? {
            Update::Done => Ok(()),
            // Another host has seen a later one.
            Update::Refused => self.update(build(common(""))).await.map(drop),
        }
    }

    /// Adds to a number that may not be there yet; at most `most` of its kind begin. False when it is one too many.
    async fn add(
        &self,
        (partition, sort): (&str, &str),
        how_many: &str,
        most: usize,
        build: impl Fn(UpdateItemFluentBuilder) -> UpdateItemFluentBuilder,
    ) -> Result<bool, StoreError> {
        let add = || build(self.change(partition, sort));
        let there = add().condition_expression("attribute_exists(#event_id)");
        if self.update(there.expression_attribute_names("#event_id", EVENT_ID)).await? == Update::Done {
            return Ok(true);
        }
        let begin = self
            .change(partition, how_many)
            .update_expression("ADD #items :one")
            .condition_expression("attribute_not_exists(#items) OR #items < :most")
            .expression_attribute_names("#items", "items")
            .expression_attribute_values(":one", item::number(1))
            .expression_attribute_values(":most", item::number(most));
        if self.update(begin).await? == Update::Refused {
            return Ok(false);
        }
        self.update(add()).await?;
        Ok(true)
    }

    async fn keep_count(&self, under: &CountedUnder, refusals: Refusals, now: IngestTime) -> Result<(), StoreError> {
        let partition = counts_of(&under.hour.date());
        let hour = hour_digits(under.hour);
        let sort =
            |source: &str, event_type: &str| format!("{hour}#{source}{BETWEEN}{event_type}{BETWEEN}{}", under.code);
        let add = |update: UpdateItemFluentBuilder| {
            update
                .update_expression("ADD #count :count, #unrecorded :unrecorded")
                .expression_attribute_names("#count", "count")
                .expression_attribute_names("#unrecorded", "unrecorded")
                .expression_attribute_values(":count", item::number(refusals.count))
                .expression_attribute_values(":unrecorded", item::number(refusals.unrecorded))
        };
        let (source, event_type) =
            (under.source.as_deref().unwrap_or_default(), under.event_type.as_deref().unwrap_or_default());
        let how_many = format!("{HOW_MANY}{hour}");
        let place = sort(source, event_type);
        if !self.add((&partition, &place), &how_many, MAX_REJECTED_STREAMS, add).await? {
            self.update(add(self.change(&partition, &sort("", "")))).await?;
        }
        if source.is_empty() || event_type.is_empty() {
            return Ok(());
        }
        let add = |update: UpdateItemFluentBuilder| {
            update
                .update_expression("SET #first = if_not_exists(#first, :now), #last = :now ADD #count :count")
                .expression_attribute_names("#first", "first_time")
                .expression_attribute_names("#last", "last_time")
                .expression_attribute_names("#count", "count")
                .expression_attribute_values(":now", item::text(now))
                .expression_attribute_values(":count", item::number(refusals.count))
        };
        let stream = format!("{source}{BETWEEN}{event_type}");
        self.add((STREAMS, &stream), HOW_MANY, MAX_LISTED_REJECTED_STREAMS, add).await.map(drop)
    }

    /// The items of a partition between two sort keys, a page at a time.
    async fn items(
        &self,
        (partition, low, high): (&str, &str, &str),
        (forward, limit): (bool, Option<usize>),
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let query = self
            .query(None)
            .consistent_read(true)
            .scan_index_forward(forward)
            .set_limit(limit.map(|limit| i32::try_from(limit.max(1)).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start);
        let query = between(query, (EVENT_ID, partition), KIND, item::text(low), item::text(high));
        let page = Box::pin(query.send()).await;
        let page = page.map_err(|error| store_error("read evidence", On::Table(&self.table), error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }
}

impl Rejections for DynamoLedger {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        let Evidence { records, counts, bounds, now } = evidence;
        let mut rest = Evidence { records: Vec::new(), counts: Default::default(), bounds, now };
        let mut failure = None;
        let counted = counts.into_iter().map(async |(under, refusals)| {
            let kept = self.keep_count(&under, refusals, now).await;
            (under, refusals, kept)
        });
        let mut counted = stream::iter(counted).buffer_unordered(SIDE_BY_SIDE);
        while let Some((under, refusals, kept)) = counted.next().await {
            if let Err(error) = kept {
                rest.counts.insert(under, refusals);
                failure = Some(error);
            }
        }
        // Before the first record is read that is too old, DynamoDB may take days to remove it.
        let kept = records.into_iter().filter(|_| bounds.records > 0).map(async |record| {
            let kept = self.keep_record(&record, bounds.age_ms).await;
            (record, kept)
        });
        let mut kept = stream::iter(kept).buffer_unordered(SIDE_BY_SIDE);
        while let Some((record, kept)) = kept.next().await {
            if let Err(error) = kept {
                rest.records.push(record);
                failure = Some(error);
            }
        }
        failure.map_or(Ok(()), |error| Err(NotKept { error, rest }))
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        let limit = limit.max(1);
        let last = after.map_or(query.to.unix_ms() - 1, |after| after.first_time.unix_ms().min(query.to.unix_ms() - 1));
        let (first_day, last_day) = (query.from.unix_ms().div_euclid(MS_PER_DAY), last.div_euclid(MS_PER_DAY));
        let mut found: Vec<RejectionRecord> = Vec::new();
        for day in (first_day..=last_day).rev() {
            let Some(midnight) = IngestTime::from_unix_ms(day * MS_PER_DAY) else { continue };
            let partition = records_of(&midnight.date());
            // Up to the last hour, all of whose keys are hexadecimal.
            let high = if day == last_day {
                let last = IngestTime::from_unix_ms(last);
                format!("{}#g", last.map_or("23".to_owned(), hour_digits))
            } else {
                "24".to_owned()
            };
            let mut start = None;
            // Of the hour that is being read: its records are not in order.
            let mut hour: Vec<RejectionRecord> = Vec::new();
            loop {
                let (items, next) = self.items((&partition, "00", &high), (false, None), start).await?;
                for item in &items {
                    let record = read(item)?;
                    if hour.first().is_some_and(|other| hour_digits(other.first_time) != hour_digits(record.first_time))
                    {
                        settle(&mut hour, &mut found);
                    }
                    if query.asks_for(&record) && after.is_none_or(|after| record.place() < after) {
                        hour.push(record);
                    }
                    if found.len() > limit {
                        break;
                    }
                }
                start = next;
                if start.is_none() || found.len() > limit {
                    break;
                }
            }
            settle(&mut hour, &mut found);
            if found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = if more { found.last().map(|record| record.place()) } else { None };
        Ok(RejectionPage { records: found, next })
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        let days = query.from.unix_ms().div_euclid(MS_PER_DAY)..=(query.to.unix_ms() - 1).div_euclid(MS_PER_DAY);
        let days = days.filter_map(|day| IngestTime::from_unix_ms(day * MS_PER_DAY));
        let read = days.map(async |midnight| {
            let (partition, mut start, mut counts) = (counts_of(&midnight.date()), None, Vec::new());
            loop {
                let (items, next) = self.items((&partition, "00", "24"), (true, None), start).await?;
                for item in &items {
                    counts.push(read_count(midnight, item)?);
                }
                start = next;
                if start.is_none() {
                    return Ok::<_, StoreError>(counts);
                }
            }
        });
        let mut read = stream::iter(read).buffered(SIDE_BY_SIDE);
        let mut hours: std::collections::BTreeMap<_, Refusals> = Default::default();
        while let Some(counts) = read.next().await {
            for (under, refusals) in counts? {
                if query.ask_for(&under) {
                    hours.entry((under.hour, under.code)).or_default().add(refusals);
                }
            }
        }
        Ok(hours.into_iter().map(|((hour, code), refusals)| RejectedHour { hour, code, refusals }).collect())
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        // No name begins with a control character.
        let low = after
            .map_or_else(|| " ".to_owned(), |(source, event_type)| behind(&format!("{source}{BETWEEN}{event_type}")));
        let mut streams = Vec::new();
        let mut start = None;
        while streams.len() < limit {
            let wanted = Some(limit - streams.len() + 1);
            let (items, next) = self.items((STREAMS, &low, "\u{10ffff}"), (true, wanted), start).await?;
            for item in &items {
                streams.push(read_stream(item)?);
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        streams.truncate(limit);
        Ok(streams)
    }
}

/// Moves the records of an hour behind those of later hours.
fn settle(hour: &mut Vec<RejectionRecord>, found: &mut Vec<RejectionRecord>) {
    hour.sort_by_key(|record| std::cmp::Reverse(record.place()));
    found.append(hour);
}

fn errors_text(errors: &[KeptError]) -> Result<String, StoreError> {
    serde_json::to_string(errors).map_err(|error| StoreError::Internal(error.to_string()))
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

fn read(item: &Item) -> Result<RejectionRecord, StoreError> {
    let errors: String = item::parsed(item, "errors")?;
    let body = text(item, "body").map(KeptBody::Text).or_else(|| text(item, "body_hex").map(KeptBody::Hex));
    let event_time = item.contains_key("event_time").then(|| item::parsed(item, "event_time")).transpose()?;
    let index = item.contains_key("place").then(|| item::numeric(item, "place")).transpose()?;
    let sha256: BodyHash = item::parsed(item, "sha256")?;
    Ok(RejectionRecord {
        first_time: item::parsed(item, "first_time")?,
        last_time: item::parsed(item, "last_time")?,
        count: item::numeric(item, "count")?,
        request_id: item::parsed(item, "request_id")?,
        index,
        errors: serde_json::from_str(&errors).map_err(|_| item::corrupt(item, "errors"))?,
        length: item::numeric(item, "length")?,
        sha256,
        legible: Legible {
            source: text(item, "source"),
            event_type: text(item, "event_type"),
            entity_id: text(item, "rejected_entity"),
            event_time,
        },
        token: text(item, "token"),
        user_agent: text(item, "user_agent"),
        body,
    })
}

fn read_count(midnight: IngestTime, item: &Item) -> Result<(CountedUnder, Refusals), StoreError> {
    let sort: String = item::parsed(item, KIND)?;
    let unusable = || item::corrupt(item, KIND);
    let (digits, names) = sort.split_once('#').ok_or_else(unusable)?;
    let hours: i64 = digits.parse().map_err(|_| unusable())?;
    let hour = IngestTime::from_unix_ms(midnight.unix_ms() + hours * MS_PER_HOUR).ok_or_else(unusable)?;
    let mut names = names.split(BETWEEN);
    let mut name = || names.next().ok_or_else(unusable);
    let (source, event_type, code) = (name()?, name()?, name()?);
    let given = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let code = CountedCode::from_stored(code).ok_or_else(unusable)?;
    let under = CountedUnder { hour, source: given(source), event_type: given(event_type), code };
    Ok((under, Refusals { count: item::numeric(item, "count")?, unrecorded: item::numeric(item, "unrecorded")? }))
}

fn read_stream(item: &Item) -> Result<RejectedStream, StoreError> {
    let sort: String = item::parsed(item, KIND)?;
    let (source, event_type) = sort.split_once(BETWEEN).ok_or_else(|| item::corrupt(item, KIND))?;
    Ok(RejectedStream {
        source: source.to_owned(),
        event_type: event_type.to_owned(),
        count: item::numeric(item, "count")?,
        first_time: item::parsed(item, "first_time")?,
        last_time: item::parsed(item, "last_time")?,
    })
}
