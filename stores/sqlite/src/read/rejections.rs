//! What is asked about refused events.

use pik_core::{
    CountedCode, IngestTime, Refusals, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace,
    RejectionQuery, hour_of,
};
use rusqlite::params;
use rusqlite::types::Type;

use crate::db::rejections as sql;
use crate::read::reader::Reader;

const MS_PER_HOUR: i64 = 3_600_000;

impl Reader {
    /// A page of records.
    pub(crate) fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> rusqlite::Result<RejectionPage> {
        let RejectionQuery { from, to, source, code } = query;
        let (first_ms, key) = after.map_or_else(sql::before_all, sql::place);
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = self.connection.prepare_cached(sql::PAGE)?;
        let values = params![first_ms, key, to.unix_ms(), from.unix_ms(), source, code.map(sql::code_pattern), most];
        let mut records = statement.query_map(values, sql::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| record.place()) } else { None };
        Ok(RejectionPage { records, next })
    }

    /// Counts by hour and code.
    pub(crate) fn rejected_hours(&self, query: &RejectedHours) -> rusqlite::Result<Vec<RejectedHour>> {
        let RejectedHours { from, to, source, event_type } = query;
        let first = hour_of(*from).unix_ms().div_euclid(MS_PER_HOUR);
        let last = (to.unix_ms() - 1).div_euclid(MS_PER_HOUR);
        let mut statement = self.connection.prepare_cached(sql::HOURS)?;
        let hours = statement.query_map(params![first, last, source, event_type], |row| {
            let hour = row.get::<_, i64>(0)?.checked_mul(MS_PER_HOUR).and_then(IngestTime::from_unix_ms);
            let code = CountedCode::from_stored(row.get_ref(1)?.as_str()?);
            Ok(RejectedHour {
                hour: hour.ok_or_else(|| sql::unusable(0, Type::Integer))?,
                code: code.ok_or_else(|| sql::unusable(1, Type::Text))?,
                refusals: Refusals {
                    count: row.get::<_, i64>(2)?.unsigned_abs(),
                    unrecorded: row.get::<_, i64>(3)?.unsigned_abs(),
                },
            })
        })?;
        let mut hours = hours.collect::<rusqlite::Result<Vec<_>>>()?;
        hours.sort_by_key(|hour| (hour.hour, hour.code));
        Ok(hours)
    }

    /// Streams behind one.
    pub(crate) fn rejected_streams(
        &self,
        after: &(String, String),
        limit: usize,
    ) -> rusqlite::Result<Vec<RejectedStream>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql::STREAMS)?;
        let streams = statement.query_map(params![after.0, after.1, limit], |row| {
            Ok(RejectedStream {
                source: row.get(0)?,
                event_type: row.get(1)?,
                count: row.get::<_, i64>(2)?.unsigned_abs(),
                first_time: sql::time(row, 3)?,
                last_time: sql::time(row, 4)?,
            })
        })?;
        streams.collect()
    }
}
