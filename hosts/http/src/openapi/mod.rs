//! The OpenAPI 3.1 document, made of the types and tables that the answers are made of.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder};

use crate::response::answer::{
    Batch, BatchEntry, EventFound, EventsFound, Failed, Failure, Ingested, LookedUp, Lookup, RawObjects, RawOf,
    Rejected, RejectionHours, RejectionsFound, Stats, StreamName, StreamsFound, UnknownStream, Well,
};
use crate::response::{rejection_schemas, schemas};
use crate::{Config, Endpoint};

mod answers;
mod operations;
mod questions;

/// The name under which the document speaks of bearer tokens.
const BEARER: &str = "bearer";

/// Describes a service with this configuration.
pub(crate) fn document(config: &Config) -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .schema("Event", schemas::event())
        .schema("Problem", schemas::problem())
        .schema_from::<Ingested<'_>>()
        .schema_from::<Rejected<'_>>()
        .schema_from::<Failed<'_>>()
        .schema_from::<Failure<'_>>()
        .schema_from::<Batch<'_>>()
        .schema_from::<BatchEntry<'_>>()
        .schema("Record", schemas::record())
        .schema_from::<EventsFound<'_>>()
        .schema_from::<UnknownStream>()
        .schema_from::<StreamName>()
        .schema_from::<EventFound<'_>>()
        .schema_from::<Lookup<'_>>()
        .schema_from::<LookedUp<'_>>()
        .schema_from::<RawObjects<'_>>()
        .schema_from::<RawOf<'_>>()
        .schema("Bucket", schemas::bucket())
        .schema("Lags", schemas::lags())
        .schema_from::<Stats<'_>>()
        .schema("Stream", schemas::stream())
        .schema_from::<StreamsFound<'_>>()
        .schema("RejectionRecord", rejection_schemas::record())
        .schema("RejectedHour", rejection_schemas::hour())
        .schema_from::<RejectionsFound<'_>>()
        .schema_from::<RejectionHours<'_>>()
        .schema_from::<Well>();
    if config.asks_for_tokens() {
        components = components.security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
    let mut paths = PathsBuilder::new();
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| config.metrics || *endpoint != Endpoint::Metrics) {
        if let Some(item) = operations::of(endpoint, config) {
            paths = paths.path(endpoint.path(), item);
        }
    }
    let info = InfoBuilder::new()
        .title("Pipeline Investigation Kit")
        .description(Some("Takes events in, each exactly once, and keeps what it takes to find out what happened."))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components.build())).build()
}
