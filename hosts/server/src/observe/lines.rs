//! The log lines of a request: one for a batch, and one for an event that came alone.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use pik_http::{Endpoint, Exchange, Observation, TokenName, Verdict};
use tracing::Level;

/// A line begins with its request. The level must be known where tracing's own macro is written.
macro_rules! line {
    (@ $level:expr, $exchange:expr, $trace_id:expr, $($field:tt)*) => {
        tracing::event!(
            $level,
            request_id = $exchange.request_id,
            endpoint = $exchange.endpoint.path(),
            client = $exchange.client.map(tracing::field::display),
            trace_id = $trace_id,
            token = $exchange.token.map(TokenName::as_str),
            http_status = $exchange.http_status,
            $($field)*
        )
    };
    ($level:expr, $exchange:expr, $trace_id:expr, $($field:tt)*) => {
        match $level {
            Level::ERROR => line!(@ Level::ERROR, $exchange, $trace_id, $($field)*),
            Level::WARN => line!(@ Level::WARN, $exchange, $trace_id, $($field)*),
            Level::INFO => line!(@ Level::INFO, $exchange, $trace_id, $($field)*),
            _ => line!(@ Level::DEBUG, $exchange, $trace_id, $($field)*),
        }
    };
}

/// Writes what the level lets through of a request and its answer, and of the trace that it is a part of.
pub(super) fn write(exchange: &Exchange<'_>, trace_id: Option<&str>) {
    match exchange.observations {
        [] => line!(Level::DEBUG, exchange, trace_id, latency_ms = milliseconds(exchange.latency), "request"),
        observations if exchange.endpoint == Endpoint::IngestBatch => {
            batch(exchange, trace_id);
            // What refuses a batch as a whole is all in its line.
            if tracing::enabled!(Level::DEBUG) && !is_whole(observations) {
                observations.iter().for_each(|observation| event(Level::DEBUG, exchange, trace_id, observation));
            }
        }
        observations => {
            observations.iter().for_each(|observation| event(level(observation), exchange, trace_id, observation))
        }
    }
}

fn batch(exchange: &Exchange<'_>, trace_id: Option<&str>) {
    let observations = exchange.observations;
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for observation in observations {
        for code in &observation.codes {
            *codes.entry(code).or_default() += observation.count;
        }
    }
    let codes = (!codes.is_empty()).then(|| {
        codes.iter().fold(String::new(), |mut text, (code, count)| {
            let comma = if text.is_empty() { "" } else { "," };
            write!(text, "{comma}{code}={count}").expect("text takes text");
            text
        })
    });
    let of = |verdict| {
        let counted = observations.iter().filter(|observation| observation.verdict == verdict);
        let count: usize = counted.map(|observation| observation.count).sum();
        (count > 0 && !is_whole(observations)).then_some(count)
    };
    let level = observations.iter().map(level).min().unwrap_or(Level::INFO);
    line!(
        level,
        exchange,
        trace_id,
        status = is_whole(observations).then(|| observations[0].verdict.as_str()),
        accepted = of(Verdict::Accepted),
        duplicates = of(Verdict::Duplicate),
        rejected = of(Verdict::Rejected),
        failed = of(Verdict::Error),
        codes,
        reason = observations.iter().find_map(|observation| observation.reason.as_deref()),
        dry_run = exchange.dry_run,
        latency_ms = milliseconds(exchange.latency),
        "batch"
    );
}

/// One event, events of a batch that failed together, or a request that was refused as a whole.
fn event(level: Level, exchange: &Exchange<'_>, trace_id: Option<&str>, observation: &Observation) {
    let subject = observation.subject.as_ref();
    let event_id = subject.map(|subject| subject.event_id.hex());
    line!(
        level,
        exchange,
        trace_id,
        count = (observation.count > 1).then_some(observation.count),
        index = observation.index,
        event_id = event_id.as_ref().and_then(|hex| std::str::from_utf8(hex).ok()),
        edge_event_id = observation.edge_event_id.as_deref(),
        entity_id = subject.map(|subject| &*subject.entity_id),
        source = subject.map(|subject| &*subject.source),
        event_type = subject.map(|subject| &*subject.event_type),
        status = observation.verdict.as_str(),
        ingest_lag_ms = observation.ingest_lag_ms,
        codes = (!observation.codes.is_empty()).then(|| observation.codes.join(",")),
        reason = observation.reason.as_deref(),
        dry_run = exchange.dry_run,
        latency_ms = milliseconds(exchange.latency),
        "event"
    );
}

/// Whether this is about a batch of which no event was looked at.
fn is_whole(observations: &[Observation]) -> bool {
    matches!(observations, [Observation { index: None, .. }])
}

fn level(observation: &Observation) -> Level {
    match observation.verdict {
        Verdict::Error if observation.codes.iter().any(|code| matches!(*code, "internal" | "unavailable")) => {
            Level::ERROR
        }
        Verdict::Error => Level::WARN,
        // An edge of another version, or a client that pretends to be one.
        Verdict::Accepted | Verdict::Duplicate | Verdict::Rejected if observation.edge_event_id.is_some() => {
            Level::WARN
        }
        Verdict::Accepted | Verdict::Duplicate | Verdict::Rejected => Level::INFO,
    }
}

fn milliseconds(latency: Duration) -> f64 {
    // Three decimals are what the clock is good for.
    (latency.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
