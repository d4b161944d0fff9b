//! Which events, as the command line says it.

use anyhow::{Result, bail};
use clap::ValueEnum;
use pik_core::{EventTime, IngestTime, Outcome, Query};

/// Which events: of an entity, of a type and day, or of a window of arrival.
#[derive(clap::Args)]
#[command(next_help_heading = "Which events")]
pub(crate) struct SelectionArgs {
    /// One user, device or account, by event time
    #[arg(long, value_name = "ID")]
    entity_id: Option<String>,

    /// With --entity-id: the earliest event time, included; a time with its UTC offset, or a UTC date
    #[arg(long, value_name = "TIME", value_parser = event_time)]
    from: Option<EventTime>,

    /// With --entity-id: the latest event time, excluded
    #[arg(long, value_name = "TIME", value_parser = event_time)]
    until: Option<EventTime>,

    /// With --event-type and --event-date: the latest to arrive first, first occurrences only
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// The logical type
    #[arg(long, value_name = "NAME")]
    event_type: Option<String>,

    /// The UTC date of the event time
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    event_date: Option<EventTime>,

    /// With --source: the least lag in milliseconds, included
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    min_lag_ms: Option<i64>,

    /// What arrived from here on, duplicates too; a time with its UTC offset, or a UTC date
    #[arg(long, value_name = "TIME", value_parser = ingest_time)]
    ingested_from: Option<IngestTime>,

    /// … and before this
    #[arg(long, value_name = "TIME", value_parser = ingest_time)]
    ingested_to: Option<IngestTime>,

    /// First occurrences alone, or duplicates alone
    #[arg(long, value_enum, ignore_case = true)]
    status: Option<Status>,
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
    pub(crate) fn is_empty(&self) -> bool {
        self.given().is_empty()
    }

    /// The one question that the options ask.
    pub(crate) fn query(&self) -> Result<Query> {
        let status = self.status.map(|status| match status {
            Status::Accepted => Outcome::Accepted,
            Status::Duplicate => Outcome::Duplicate,
        });
        if let Some(entity_id) = &self.entity_id {
            self.only(&["--entity-id", "--from", "--until", "--status"])?;
            in_order("--from", self.from, "--until", self.until)?;
            return Ok(Query::Entity { entity_id: entity_id.clone(), from: self.from, to: self.until, status });
        }
        if let (Some(source), Some(event_type), Some(event_date)) = (&self.source, &self.event_type, self.event_date) {
            self.only(&["--source", "--event-type", "--event-date", "--min-lag-ms"])?;
            let (source, event_type) = (source.clone(), event_type.clone());
            return Ok(Query::Lag { source, event_type, event_date, min_lag_ms: self.min_lag_ms });
        }
        if let (Some(from), Some(to)) = (self.ingested_from, self.ingested_to) {
            self.only(&["--ingested-from", "--ingested-to", "--status"])?;
            in_order("--ingested-from", Some(from), "--ingested-to", Some(to))?;
            return Ok(Query::Arrivals { from, to, status });
        }
        bail!(
            "say which events: --entity-id; or --source, --event-type and --event-date; or --ingested-from and --ingested-to"
        )
    }

    /// The source and the type that are named.
    pub(crate) fn stream(&self) -> (Option<&str>, Option<&str>) {
        (self.source.as_deref(), self.event_type.as_deref())
    }

    fn given(&self) -> Vec<&'static str> {
        let all = [
            ("--entity-id", self.entity_id.is_some()),
            ("--from", self.from.is_some()),
            ("--until", self.until.is_some()),
            ("--source", self.source.is_some()),
            ("--event-type", self.event_type.is_some()),
            ("--event-date", self.event_date.is_some()),
            ("--min-lag-ms", self.min_lag_ms.is_some()),
            ("--ingested-from", self.ingested_from.is_some()),
            ("--ingested-to", self.ingested_to.is_some()),
            ("--status", self.status.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    fn only(&self, together: &[&str]) -> Result<()> {
        match self.given().into_iter().find(|name| !together.contains(name)) {
            None => Ok(()),
            Some(stranger) => {
                bail!("{stranger} does not go with {}; one question takes {}", together[0], together.join(", "))
            }
        }
    }
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

fn ingest_time(text: &str) -> Result<IngestTime, String> {
    let time = event_time(text)?;
    // Ingest times have milliseconds: a bound of more digits is the next millisecond's.
    let milliseconds = time.unix_seconds() * 1_000 + i64::from(time.subsecond_nanoseconds().div_ceil(1_000_000));
    IngestTime::from_unix_ms(milliseconds).ok_or_else(|| pik_core::TimeError::OutOfRange.to_string())
}

fn date(text: &str) -> Result<EventTime, String> {
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let midnight = format!("{text}T00:00:00Z").parse().ok().filter(|_| is_date);
    midnight.ok_or_else(|| "not a day that exists; write YYYY-MM-DD".to_owned())
}
