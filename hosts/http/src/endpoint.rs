//! What a request can ask for.

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
    /// The description of all this.
    OpenApi,
    /// Any other path.
    Unknown,
}

impl Endpoint {
    /// Every endpoint that has a path.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::IngestBatch, Self::Health, Self::Ready, Self::OpenApi];

    /// The path as the Router and the OpenAPI document write it, and as a label of logs and metrics.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Ingest => "/ingest",
            Self::IngestBatch => "/ingest/batch",
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::OpenApi => "/openapi.json",
            Self::Unknown => "unknown",
        }
    }

    /// What a request's path asks for. Paths are compared as they are written: `/ingest/` and `/%69ngest` are unknown.
    pub fn of(path: &str) -> Self {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path).unwrap_or(Self::Unknown)
    }

    /// Whether events are sent there, so that a dry run means something.
    pub const fn takes_events(self) -> bool {
        match self {
            Self::Ingest | Self::IngestBatch => true,
            Self::Health | Self::Ready | Self::OpenApi | Self::Unknown => false,
        }
    }
}
