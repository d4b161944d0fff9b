//! Which events, as the command line says it.

use anyhow::{Result, bail};
use clap::ValueEnum;
use pik_core::{EventTime, IngestTime, Order, Outcome, Query, Range, Scope, Span, parse_lag};

/// The last millisecond of the year 9999. What is asked for ends where arrivals are settled.
const LAST_MS: i64 = 253_402_300_799_999;

/// Where event times end, excluded, and the option that says it: `--to` is where `pik replay` sends events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) flag: &'static str,
    pub(crate) time: Option<EventTime>,
}

/// The heading of each option: one of the whole group would stand above the options behind it, too.
const HEADING: &str = "Which events";

/// Which events: of an entity, of a time range, or of a type and day.
#[derive(clap::Args)]
pub(crate) struct SelectionArgs {
    /// One user, device or account, by event time
    #[arg(long, help_heading = HEADING, value_name = "ID")]
    entity_id: Option<String>,

    /// The earliest event time, included; a time with its UTC offset, or a UTC date
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = event_time)]
    from: Option<EventTime>,

    /// The origin system
    #[arg(long, help_heading = HEADING, value_name = "NAME")]
    source: Option<String>,

    /// The logical type, with its --source
    #[arg(long, help_heading = HEADING, value_name = "NAME")]
    event_type: Option<String>,

    /// What arrived from here on, duplicates too
    #[arg(long, help_heading = HEADING, alias = "ingested-from", value_name = "TIME", value_parser = ingest_time)]
    arrived_from: Option<IngestTime>,

    /// … and before this
    #[arg(long, help_heading = HEADING, alias = "ingested-to", value_name = "TIME", value_parser = ingest_time)]
    arrived_to: Option<IngestTime>,

    /// The latest first. Alone or with --source, the newest arrivals
    #[arg(long, help_heading = HEADING)]
    desc: bool,

    /// First occurrences alone, or duplicates alone
    #[arg(long, help_heading = HEADING, value_enum, ignore_case = true)]
    status: Option<Status>,

    /// Of a --source and --event-type, the UTC date of the event time: the
    /// latest to arrive first, first occurrences only
    #[arg(long, help_heading = HEADING, value_name = "YYYY-MM-DD", value_parser = date)]
    event_date: Option<EventTime>,

    /// With --event-date: the least lag, included, such as 1h or 2d; a number
    /// without a unit is milliseconds
    #[arg(long, help_heading = HEADING, alias = "min-lag-ms", value_name = "LAG", allow_negative_numbers = true, value_parser = lag)]
    min_lag: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    /// First occurrences
    Accepted,
    /// Later occurrences
    Duplicate,
}

impl SelectionArgs {
    /// Whether nothing is said, which some commands take for everything.
    pub(crate) fn is_empty(&self, to: End) -> bool {
        self.given(to).is_empty()
    }

    /// The one question that the options ask; `to` is where event times end.
    pub(crate) fn query(&self, to: End) -> Result<Query> {
        let status = self.status.map(|status| match status {
            Status::Accepted => Outcome::Accepted,
            Status::Duplicate => Outcome::Duplicate,
        });
        in_order("--from", self.from, to.flag, to.time)?;
        in_order("--arrived-from", self.arrived_from, "--arrived-to", self.arrived_to)?;
        if let Some(entity_id) = &self.entity_id {
            self.only(to, &["--entity-id", "--from", to.flag, "--status"])?;
            return Ok(Query::Entity { entity_id: entity_id.clone(), from: self.from, to: to.time, status });
        }
        if self.event_date.is_some() || self.min_lag.is_some() {
            self.only(to, &["--event-date", "--source", "--event-type", "--min-lag"])?;
            let (Some(source), Some(event_type), Some(event_date)) = (&self.source, &self.event_type, self.event_date)
            else {
                bail!("--event-date and --min-lag need --source, --event-type and --event-date");
            };
            let (source, event_type) = (source.clone(), event_type.clone());
            return Ok(Query::Lag { source, event_type, event_date, min_lag_ms: self.min_lag });
        }
        let scope = match (self.source.clone(), self.event_type.clone()) {
            (None, None) => Scope::All,
            (Some(source), None) => Scope::Source { source },
            (Some(source), Some(event_type)) => Scope::Stream { source, event_type },
            (None, Some(_)) => bail!("--event-type needs its --source; `pik streams` lists both"),
        };
        let order = if self.desc { Order::Descending } else { Order::Ascending };
        if self.from.is_some() || to.time.is_some() {
            self.only(to, &["--from", to.flag, "--source", "--event-type", "--desc", "--status"])?;
            let span = Span::EventTime { from: self.from, to: to.time };
            return Ok(Query::Range(Range { scope, span, order, status }));
        }
        if scope == Scope::All && !self.desc && self.arrived_from.is_none() && self.arrived_to.is_none() {
            bail!(
                "say which events: --entity-id; --from and {}, or --arrived-from and --arrived-to, of all, of a --source or \
                 of its --event-type; --desc for the newest; or --source, --event-type and --event-date",
                to.flag
            );
        }
        let (first, last) = ever();
        let (from, to) = (self.arrived_from.unwrap_or(first), self.arrived_to.unwrap_or(last));
        Ok(match (&scope, order) {
            (Scope::All, Order::Ascending) => Query::Arrivals { from, to, status },
            _ => Query::Range(Range { scope, span: Span::Arrival { from, to }, order, status }),
        })
    }

    /// The source and the type that are named.
    pub(crate) fn stream(&self) -> (Option<&str>, Option<&str>) {
        (self.source.as_deref(), self.event_type.as_deref())
    }

    fn given(&self, to: End) -> Vec<&'static str> {
        let all = [
            ("--entity-id", self.entity_id.is_some()),
            ("--from", self.from.is_some()),
            (to.flag, to.time.is_some()),
            ("--source", self.source.is_some()),
            ("--event-type", self.event_type.is_some()),
            ("--event-date", self.event_date.is_some()),
            ("--min-lag", self.min_lag.is_some()),
            ("--arrived-from", self.arrived_from.is_some()),
            ("--arrived-to", self.arrived_to.is_some()),
            ("--desc", self.desc),
            ("--status", self.status.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    fn only(&self, to: End, together: &[&str]) -> Result<()> {
        match self.given(to).into_iter().find(|name| !together.contains(name)) {
            None => Ok(()),
            Some(stranger) => {
                bail!("{stranger} does not go with {}; one question takes {}", together[0], together.join(", "))
            }
        }
    }
}

/// A window that has all arrivals.
pub(crate) fn ever() -> (IngestTime, IngestTime) {
    let time = |ms| IngestTime::from_unix_ms(ms).expect("1970 and 9999 are years");
    (time(0), time(LAST_MS))
}

fn in_order<T: PartialOrd>(from_name: &str, from: Option<T>, to_name: &str, to: Option<T>) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => {
            bail!("{from_name} is not before {to_name}; nothing lies between them")
        }
        _ => Ok(()),
    }
}

/// A time with its offset, or a date for its midnight in UTC.
pub(crate) fn event_time(text: &str) -> Result<EventTime, String> {
    date(text).or_else(|_| text.parse().map_err(|error: pik_core::TimeError| error.to_string()))
}

/// A time of arrival, or a date for its midnight in UTC.
pub(crate) fn ingest_time(text: &str) -> Result<IngestTime, String> {
    let time = event_time(text)?;
    // Ingest times have milliseconds: a bound of more digits is the next millisecond's.
    let milliseconds = time.unix_seconds() * 1_000 + i64::from(time.subsecond_nanoseconds().div_ceil(1_000_000));
    IngestTime::from_unix_ms(milliseconds).ok_or_else(|| pik_core::TimeError::OutOfRange.to_string())
}

fn lag(text: &str) -> Result<i64, String> {
    parse_lag(text).map_err(|error| error.to_string())
}

fn date(text: &str) -> Result<EventTime, String> {
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let midnight = format!("{text}T00:00:00Z").parse().ok().filter(|_| is_date);
    midnight.ok_or_else(|| "not a day that exists; write YYYY-MM-DD".to_owned())
}
