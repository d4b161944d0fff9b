//! The span of a request, with the names that OpenTelemetry's conventions for HTTP have. It has what a log line may have, and
//! nothing else of the client's: not the path or query as they were written, and no part of an event but its id.

use std::borrow::Cow;
use std::time::SystemTime;

use axum::http::{HeaderValue, Method};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer,
};
use opentelemetry::{Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SdkTracer;
use pik_http::{Endpoint, Exchange, Observation, TokenName, Traceparent, Verdict};

const MAX_USER_AGENT_BYTES: usize = 256;

/// Makes the span of a request that was answered now, and tells its trace. None if it is not kept.
pub(super) fn record(tracer: &SdkTracer, now: SystemTime, exchange: &Exchange<'_>) -> Option<TraceId> {
    // What asks every few seconds whether the server is well is no part of a trace, unless it says so.
    let is_probe = matches!(exchange.endpoint, Endpoint::Health | Endpoint::Ready | Endpoint::Metrics);
    if is_probe && exchange.traceparent.is_none() {
        return None;
    }
    let parent = exchange.traceparent.and_then(remote).map(|of| Context::new().with_remote_span_context(of));
    let begun = now.checked_sub(exchange.latency).unwrap_or(now);
    let builder = SpanBuilder::from_name(name(exchange)).with_kind(SpanKind::Server).with_start_time(begun);
    let mut span = tracer.build_with_context(builder, &parent.unwrap_or_default());
    if !span.is_recording() {
        return None;
    }
    describe(exchange, &mut |key, value| span.set_attribute(KeyValue::new(key, value)));
    if exchange.http_status >= 500 {
        span.set_status(Status::error(""));
    }
    span.end_with_timestamp(now);
    Some(span.span_context().trace_id())
}

/// The span that sent the request.
fn remote(traceparent: &Traceparent) -> Option<SpanContext> {
    let trace = TraceId::from_hex(traceparent.trace_id()).ok()?;
    let parent = SpanId::from_hex(traceparent.parent_id()).ok()?;
    let flags = if traceparent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    Some(SpanContext::new(trace, parent, flags, true, TraceState::NONE))
}

/// The method and the path's template. There are a few of them, whatever clients send.
fn name(exchange: &Exchange<'_>) -> Cow<'static, str> {
    let method = known(exchange.method).unwrap_or("HTTP");
    match (exchange.method, exchange.endpoint) {
        (_, Endpoint::Unknown) => method.into(),
        (&Method::POST, Endpoint::Ingest) => "POST /ingest".into(),
        (&Method::POST, Endpoint::IngestBatch) => "POST /ingest/batch".into(),
        (_, endpoint) => format!("{method} {}", endpoint.path()).into(),
    }
}

/// A method that the standards have; anybody can make up others.
fn known(method: &Method) -> Option<&'static str> {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
        .into_iter()
        .find(|known| *known == method.as_str())
}

fn describe(exchange: &Exchange<'_>, say: &mut impl FnMut(&'static str, Value)) {
    let method = known(exchange.method);
    say("http.request.method", method.unwrap_or("_OTHER").into());
    if exchange.endpoint != Endpoint::Unknown {
        say("http.route", exchange.endpoint.path().into());
    }
    say("http.response.status_code", i64::from(exchange.http_status).into());
    if let Some(client) = exchange.client {
        say("client.address", client.to_string().into());
    }
    if let Some(user_agent) = exchange.user_agent {
        say("user_agent.original", shortened(user_agent).into());
    }
    say("pik.request_id", exchange.request_id.to_owned().into());
    if let Some(token) = exchange.token.map(TokenName::as_str) {
        say("pik.token", token.to_owned().into());
    }
    let codes = codes(exchange.observations);
    if exchange.http_status >= 500 {
        say("error.type", codes.first().map_or_else(|| exchange.http_status.to_string().into(), |code| (*code).into()));
    }
    if !codes.is_empty() {
        let codes: Vec<StringValue> = codes.into_iter().map(StringValue::from).collect();
        say("pik.codes", Value::Array(codes.into()));
    }
    if exchange.endpoint.takes_events() {
        say("pik.dry_run", exchange.dry_run.into());
        of_events(exchange, say);
    }
}

/// What became of the events, unless the request was refused before they were looked at.
fn of_events(exchange: &Exchange<'_>, say: &mut impl FnMut(&'static str, Value)) {
    let observations = exchange.observations;
    let is_batch = exchange.endpoint == Endpoint::IngestBatch;
    if is_batch && matches!(observations, [Observation { index: None, .. }]) {
        return;
    }
    for (verdict, key) in [
        (Verdict::Accepted, "pik.events.accepted"),
        (Verdict::Duplicate, "pik.events.duplicate"),
        (Verdict::Rejected, "pik.events.rejected"),
        (Verdict::Error, "pik.events.failed"),
    ] {
        let such = observations.iter().filter(|observation| observation.verdict == verdict);
        let count: usize = such.map(|observation| observation.count).sum();
        if count > 0 {
            say(key, i64::try_from(count).unwrap_or(i64::MAX).into());
        }
    }
    if let ([Observation { subject: Some(subject), .. }], false) = (observations, is_batch) {
        say("pik.event_id", subject.event_id.to_string().into());
    }
}

/// The codes of all events, each once.
fn codes(observations: &[Observation]) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for code in observations.iter().flat_map(|observation| &observation.codes) {
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    codes
}

fn shortened(user_agent: &HeaderValue) -> String {
    let mut text = String::from_utf8_lossy(user_agent.as_bytes()).into_owned();
    text.truncate(text.floor_char_boundary(MAX_USER_AGENT_BYTES));
    text
}
