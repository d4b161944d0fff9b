//! Evidence of what was refused, in tables apart from the records.
//!
//! A write whose answer is lost is tried again by nobody: a Worker ends. So nothing is counted twice, and what a failing
//! write had is lost.

use pik_core::{
    BodyHash, CountedCode, CountedUnder, EventTime, Evidence, IngestTime, KeptBody, Legible,
    MAX_LISTED_REJECTED_STREAMS, MAX_REJECTED_STREAMS, NotKept, Refusals, RejectedHour, RejectedHours, RejectedStream,
    RejectionPage, RejectionPlace, RejectionQuery, RejectionRecord, Rejections, StoreError, hour_of,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::D1Ledger;
use crate::database::{Done, Parameter, Statement};
use crate::rejection_sql as sql;

const MS_PER_HOUR: i64 = 3_600_000;

/// Greater than every time that a column holds, and exact in JavaScript.
const NEVER_MS: i64 = 1 << 53;

/// Statements of one transaction.
const STATEMENTS: usize = 40;

/// How many records one look finds that may go.
const MAY_GO: usize = 200;

#[derive(Deserialize)]
struct Total {
    records: usize,
    bytes: usize,
    oldest_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Unseen {
    last_ms: i64,
    size: usize,
}

#[derive(Deserialize)]
struct Row {
    first_ms: i64,
    last_ms: i64,
    count: u64,
    request_id: String,
    place: Option<u64>,
    errors: String,
    length: u64,
    sha256: String,
    source: Option<String>,
    event_type: Option<String>,
    entity_id: Option<String>,
    event_time: Option<String>,
    token: Option<String>,
    user_agent: Option<String>,
    body: Option<String>,
    body_hex: Option<String>,
}

#[derive(Deserialize)]
struct HourRow {
    hour: i64,
    code: String,
    count: u64,
    unrecorded: u64,
}

#[derive(Deserialize)]
struct StreamRow {
    source: String,
    event_type: String,
    count: u64,
    first_ms: i64,
    last_ms: i64,
}

fn unusable(column: &str) -> StoreError {
    StoreError::Internal(format!(
        "a row about refused events has no usable `{column}`; it was not written by this software"
    ))
}

fn time(ms: i64, column: &str) -> Result<IngestTime, StoreError> {
    IngestTime::from_unix_ms(ms).ok_or_else(|| unusable(column))
}

fn number(count: impl TryInto<i64>) -> Parameter {
    count.try_into().unwrap_or(NEVER_MS).min(NEVER_MS).into()
}

impl Row {
    fn record(self) -> Result<RejectionRecord, StoreError> {
        let sha256: BodyHash = self.sha256.parse().map_err(|_| unusable("sha256"))?;
        let event_time = self.event_time.map(|text| text.parse::<EventTime>()).transpose();
        Ok(RejectionRecord {
            first_time: time(self.first_ms, "first_ms")?,
            last_time: time(self.last_ms, "last_ms")?,
            count: self.count,
            request_id: self.request_id,
            index: self.place,
            errors: serde_json::from_str(&self.errors).map_err(|_| unusable("errors"))?,
            length: self.length,
            sha256,
            legible: Legible {
                source: self.source,
                event_type: self.event_type,
                entity_id: self.entity_id,
                event_time: event_time.map_err(|_| unusable("event_time"))?,
            },
            token: self.token,
            user_agent: self.user_agent,
            body: self.body.map(KeptBody::Text).or_else(|| self.body_hex.map(KeptBody::Hex)),
        })
    }
}

/// The statement that keeps a record.
fn keep(record: &RejectionRecord) -> Result<Statement, StoreError> {
    let errors = serde_json::to_string(&record.errors).map_err(|error| StoreError::Internal(error.to_string()))?;
    let (body, body_hex) = match &record.body {
        Some(KeptBody::Text(text)) => (Some(text.as_str()), None),
        Some(KeptBody::Hex(digits)) => (None, Some(digits.as_str())),
        None => (None, None),
    };
    let Legible { source, event_type, entity_id, event_time } = &record.legible;
    let parameters = vec![
        record.key().to_string().into(),
        record.first_time.unix_ms().into(),
        record.last_time.unix_ms().into(),
        number(record.count),
        number(record.size()),
        record.request_id.as_str().into(),
        record.index.map_or(Parameter::Null, number),
        errors.into(),
        number(record.length),
        record.sha256.to_string().into(),
        source.as_deref().into(),
        event_type.as_deref().into(),
        entity_id.as_deref().into(),
        event_time.map(|time| time.to_string()).into(),
        record.token.as_deref().into(),
        record.user_agent.as_deref().into(),
        body.into(),
        body_hex.into(),
        number(record.body.as_ref().map_or(0, KeptBody::len)),
    ];
    Ok(Statement { sql: sql::KEEP, parameters })
}

/// The statements that add to a count.
fn count(under: &CountedUnder, refusals: Refusals, now: IngestTime) -> Vec<Statement> {
    let (source, event_type) =
        (under.source.as_deref().unwrap_or_default(), under.event_type.as_deref().unwrap_or_default());
    let hour = under.hour.unix_ms().div_euclid(MS_PER_HOUR);
    let parameters = vec![
        hour.into(),
        source.into(),
        event_type.into(),
        under.code.as_str().into(),
        number(refusals.count),
        number(refusals.unrecorded),
        number(MAX_REJECTED_STREAMS),
    ];
    let mut statements = vec![Statement { sql: sql::COUNT, parameters }];
    if !source.is_empty() && !event_type.is_empty() {
        let most = number(MAX_LISTED_REJECTED_STREAMS);
        let parameters = vec![source.into(), event_type.into(), number(refusals.count), now.unix_ms().into(), most];
        statements.push(Statement { sql: sql::COUNT_STREAM, parameters });
    }
    statements
}

impl D1Ledger {
    async fn write(&self, evidence: &Evidence) -> Result<(), StoreError> {
        let Evidence { records, counts, now, .. } = evidence;
        let mut statements = Vec::new();
        for (under, refusals) in counts {
            statements.extend(count(under, *refusals, *now));
        }
        for record in records {
            statements.push(keep(record)?);
        }
        while !statements.is_empty() {
            let rest = statements.split_off(statements.len().min(STATEMENTS));
            self.database().batch_all("keep evidence", &statements).await?;
            statements = rest;
        }
        self.evict(evidence).await
    }

    /// Removes what is too old or too much.
    async fn evict(&self, evidence: &Evidence) -> Result<(), StoreError> {
        let Evidence { bounds, now, .. } = evidence;
        let oldest_ms = bounds.oldest(*now).map_or(-NEVER_MS, |oldest| oldest.unix_ms());
        loop {
            let statement = Statement { sql: sql::TOTAL, parameters: Vec::new() };
            let total: Done<Total> = self.database().run("count evidence", statement).await?;
            let Some(Total { mut records, mut bytes, oldest_ms: found_ms }) = total.rows.into_iter().next() else {
                return Err(unusable("records"));
            };
            let is_over = |records, bytes| records > bounds.records || bytes > bounds.bytes;
            if !is_over(records, bytes) && found_ms.is_none_or(|found| found >= oldest_ms) {
                return Ok(());
            }
            let statement = Statement { sql: sql::LONGEST_UNSEEN, parameters: vec![number(MAY_GO)] };
            let unseen: Done<Unseen> = self.database().run("find old evidence", statement).await?;
            let mut going = 0_usize;
            for Unseen { last_ms, size } in unseen.rows {
                if !is_over(records, bytes) && last_ms >= oldest_ms {
                    break;
                }
                records = records.saturating_sub(1);
                bytes = bytes.saturating_sub(size);
                going += 1;
            }
            let statement = Statement { sql: sql::REMOVE, parameters: vec![number(going)] };
            let removed: Done<IgnoredAny> = self.database().run("remove old evidence", statement).await?;
            if removed.changes == 0 {
                // Another request was faster.
                return Ok(());
            }
        }
    }
}

impl Rejections for D1Ledger {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.write(&evidence).await.map_err(|error| NotKept { error, rest: evidence })
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        let limit = limit.max(1);
        let RejectionQuery { from, to, source, code } = query;
        let (first_ms, key) =
            after.map_or((NEVER_MS, String::new()), |place| (place.first_time.unix_ms(), place.key.to_string()));
        let parameters = vec![
            first_ms.into(),
            key.into(),
            to.unix_ms().into(),
            from.unix_ms().into(),
            source.as_deref().into(),
            code.map(|code| format!("{{\"code\":\"{code}\",")).into(),
            number(limit.saturating_add(1)),
        ];
        let found: Done<Row> = self.database().run("read evidence", Statement { sql: sql::PAGE, parameters }).await?;
        let mut records = found.rows.into_iter().map(Row::record).collect::<Result<Vec<_>, _>>()?;
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| record.place()) } else { None };
        Ok(RejectionPage { records, next })
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        let RejectedHours { from, to, source, event_type } = query;
        let parameters = vec![
            hour_of(*from).unix_ms().div_euclid(MS_PER_HOUR).into(),
            (to.unix_ms() - 1).div_euclid(MS_PER_HOUR).into(),
            source.as_deref().into(),
            event_type.as_deref().into(),
        ];
        let found: Done<HourRow> =
            self.database().run("count refusals", Statement { sql: sql::HOURS, parameters }).await?;
        let mut hours = Vec::new();
        for HourRow { hour, code, count, unrecorded } in found.rows {
            hours.push(RejectedHour {
                hour: time(hour * MS_PER_HOUR, "hour")?,
                code: CountedCode::from_stored(&code).ok_or_else(|| unusable("code"))?,
                refusals: Refusals { count, unrecorded },
            });
        }
        hours.sort_by_key(|hour| (hour.hour, hour.code));
        Ok(hours)
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        // No name is empty.
        let (source, event_type) = after.unwrap_or_default();
        let parameters = vec![source.into(), event_type.into(), number(limit)];
        let found: Done<StreamRow> =
            self.database().run("list refused streams", Statement { sql: sql::STREAMS, parameters }).await?;
        let stream = |StreamRow { source, event_type, count, first_ms, last_ms }| {
            let (first_time, last_time) = (time(first_ms, "first_ms")?, time(last_ms, "last_ms")?);
            Ok(RejectedStream { source, event_type, count, first_time, last_time })
        };
        found.rows.into_iter().map(stream).collect()
    }
}
