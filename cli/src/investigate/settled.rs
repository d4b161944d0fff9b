//! Questions about arrivals, ended where arrivals are settled.

use anyhow::Result;
use pik_core::Query;

use super::left_out::LeftOut;
use super::source::Source;

/// A question to which the answer never changes.
pub(crate) struct Settled {
    pub(crate) query: Query,
    /// What of the window that was asked for is left out.
    pub(crate) left_out: Option<LeftOut>,
}

impl Settled {
    /// The question, ended at the time until which the source says that arrivals are settled.
    pub(crate) fn of(query: Query, source: &dyn Source) -> Result<Self> {
        let Some((_, asked)) = query.arrivals() else { return Ok(Self { query, left_out: None }) };
        let until = source.settled_until(&query)?;
        let query = query.frozen(until);
        let left_out = query.arrivals().map(|(_, to)| to).filter(|to| *to < asked).map(LeftOut);
        Ok(Self { query, left_out })
    }
}

#[cfg(test)]
mod tests {
    use pik_core::{
        Bucket, EventId, IngestTime, Page, Position, RawKey, Record, RejectedHour, RejectedHours, RejectionQuery,
        RejectionRecord, StatsQuery, Stream,
    };

    use super::*;

    /// A source of which nothing but this is asked.
    struct SettledUntil(&'static str);

    impl Source for SettledUntil {
        fn records(&self, _: &Query, _: Option<&Position>, _: usize) -> Result<Page<Record>> {
            unreachable!("no records are asked for")
        }

        fn settled_until(&self, arrivals: &Query) -> Result<IngestTime> {
            assert!(arrivals.arrivals().is_some(), "{arrivals:?}");
            Ok(time(self.0))
        }

        fn await_arrivals(&self, _: &Query, _: std::time::Duration) -> Result<IngestTime> {
            unreachable!("nothing is waited for")
        }

        fn find(&self, _: &EventId) -> Result<Option<Record>> {
            unreachable!("no event is asked for")
        }

        fn lookup(&self, _: &[EventId]) -> Result<Vec<Option<Record>>> {
            unreachable!("no events are asked for")
        }

        fn stats(&self, _: &StatsQuery) -> Result<Vec<Bucket>> {
            unreachable!("no stats are asked for")
        }

        fn streams(&self, _: Option<&Position>, _: usize) -> Result<Page<Stream>> {
            unreachable!("no streams are asked for")
        }

        fn rejections(&self, _: &RejectionQuery, _: Option<&Position>, _: usize) -> Result<Page<RejectionRecord>> {
            unreachable!("no refused events are asked for")
        }

        fn rejected_hours(&self, _: &RejectedHours) -> Result<Vec<RejectedHour>> {
            unreachable!("no refused events are asked for")
        }

        fn each_key(&self, _: &mut dyn FnMut(Vec<RawKey>) -> Result<()>) -> Result<Option<LeftOut>> {
            unreachable!("no keys are asked for")
        }

        fn contents(&self, _: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>> {
            unreachable!("no contents are asked for")
        }
    }

    fn time(hour: &str) -> IngestTime {
        format!("2025-12-29T{hour}:00Z").parse().unwrap()
    }

    #[test]
    fn a_window_ends_where_arrivals_are_settled_and_is_gone_on_with_from_there() {
        for (until, ends, left_out) in [
            ("12:00", "11:00", None),
            ("11:00", "11:00", None),
            ("10:59", "10:59", Some("10:59")),
            ("10:00", "10:00", Some("10:00")),
            // The next question is not about what lies before this one.
            ("09:00", "10:00", Some("10:00")),
        ] {
            let window = |to| Query::Arrivals { from: time("10:00"), to: time(to), status: None };
            let settled = Settled::of(window("11:00"), &SettledUntil(until)).unwrap();
            assert_eq!(settled.query, window(ends), "{until}");
            assert_eq!(settled.left_out, left_out.map(|from| LeftOut(time(from))), "{until}");
        }
        let other = Query::Entity { entity_id: "user_1".to_owned(), from: None, to: None, status: None };
        let settled = Settled::of(other.clone(), &SettledUntil("09:00")).unwrap();
        assert_eq!((settled.query, settled.left_out), (other, None));
    }
}
