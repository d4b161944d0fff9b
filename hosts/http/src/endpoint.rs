//! What a request can ask for.

use axum::http::Method;

/// The paths that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// One event.
    Ingest,
    /// Many events.
    IngestBatch,
    /// Whether the process answers.
    Health,
    /// Whether the store answers.
    Ready,
    /// Records, by entity, by lag or by arrival.
    Events,
    /// Which of these events there are.
    EventsLookup,
    /// These events as they were received.
    EventsRaw,
    /// One event and its duplicates.
    Event,
    /// One event as it was received.
    EventRaw,
    /// Counts and lags by hour or day.
    Stats,
    /// Which sources and types there are.
    Streams,
    /// What was refused.
    Rejections,
    /// How much was refused, by hour and code.
    RejectionStats,
    /// The host's counters, as Prometheus reads them.
    Metrics,
    /// The description of all this.
    OpenApi,
    /// Any other path.
    Unknown,
}

impl Endpoint {
    /// Every endpoint that has a path.
    pub const ALL: [Self; 15] = [
        Self::Ingest,
        Self::IngestBatch,
        Self::Health,
        Self::Ready,
        Self::Events,
        // Before the path that any id fits, as the next one is.
        Self::EventsLookup,
        Self::EventsRaw,
        Self::Event,
        Self::EventRaw,
        Self::Stats,
        Self::Streams,
        Self::Rejections,
        Self::RejectionStats,
        Self::Metrics,
        Self::OpenApi,
    ];

    /// The path as the OpenAPI document writes it, and as a label of logs and metrics.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Ingest => "/ingest",
            Self::IngestBatch => "/ingest/batch",
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Events => "/events",
            Self::EventsLookup => "/events/lookup",
            Self::EventsRaw => "/events/raw",
            Self::Event => "/events/{event_id}",
            Self::EventRaw => "/events/{event_id}/raw",
            Self::Stats => "/stats",
            Self::Streams => "/streams",
            Self::Rejections => "/rejections",
            Self::RejectionStats => "/rejections/stats",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Unknown => "unknown",
        }
    }

    /// What a request's path asks for. Paths are compared as they are written: `/ingest/` and `/%69ngest` are unknown.
    pub fn of(path: &str) -> Self {
        Self::ALL.into_iter().find(|endpoint| fits(endpoint.path(), path)).unwrap_or(Self::Unknown)
    }

    /// The methods it takes, as the `Allow` header has them.
    pub(crate) const fn allow(self) -> &'static str {
        if self.takes_events() || self.takes_ids() { "POST" } else { "GET,HEAD" }
    }

    pub(crate) fn takes(self, method: &Method) -> bool {
        self.allow().split(',').any(|name| name == method.as_str())
    }

    /// Whether events are sent there, so that a dry run means something.
    pub const fn takes_events(self) -> bool {
        match self {
            Self::Ingest | Self::IngestBatch => true,
            Self::Health
            | Self::Ready
            | Self::Events
            | Self::EventsLookup
            | Self::EventsRaw
            | Self::Event
            | Self::EventRaw
            | Self::Stats
            | Self::Streams
            | Self::Rejections
            | Self::RejectionStats
            | Self::Metrics
            | Self::OpenApi
            | Self::Unknown => false,
        }
    }

    /// Whether it is asked for events by a body with their ids.
    pub const fn takes_ids(self) -> bool {
        matches!(self, Self::EventsLookup | Self::EventsRaw)
    }
}

/// Whether a path has the template's segments. A segment in braces stands for any text, but not for an empty last one.
fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    !(template.ends_with('}') && path.ends_with('/'))
        && loop {
            match (wanted.next(), given.next()) {
                (None, None) => break true,
                (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
                (Some(_) | None, Some(_) | None) => break false,
            }
        }
}
