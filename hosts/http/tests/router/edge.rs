//! Edges: what one checks before it forwards, and what is made of the id it says.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use pik_http::{Config, Screened};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, Service, read, request};

const JSON: (&str, &str) = ("content-type", "application/json");

fn screen(
    service: &Service,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Screened, Box<Answered>> {
    let request = request(method, target, headers, body.to_owned());
    futures_executor::block_on(service.api.screen(request)).map_err(|answer| Box::new(read(answer)))
}

#[test]
fn the_id_that_is_computed_here_counts_and_another_one_is_noted() {
    let service = Service::new(Config::default());
    let other = EXAMPLE_ID.replace('5', "6");
    let long = "0".repeat(65);
    for (said, noted) in [
        (EXAMPLE_ID, "None"),
        (&*other, &*format!("Some({other:?})")),
        ("none", "Some(\"none\")"),
        ("two words", "Some(\"unreadable\")"),
        (&long, "Some(\"unreadable\")"),
    ] {
        let answer = service.call(Method::POST, "/ingest", &[JSON, ("x-pik-event-id", said)], EXAMPLE);
        assert_eq!((answer.status, &answer.json()["event_id"]), (StatusCode::OK, &EXAMPLE_ID.into()));
        let observed = service.observed();
        assert!(observed[0].contains(&format!("edge_event_id: {noted}")), "{said}: {observed:?}");
    }
}

#[test]
fn a_valid_event_goes_on_as_it_came() {
    let service = Service::new(Config::default());
    let headers = [JSON, ("x-request-id", "mine"), ("authorization", "Bearer of upstream")];
    let body = format!("\n{EXAMPLE} ");
    let screened = screen(&service, Method::POST, "/ingest?dry_run=true", &headers, &body).unwrap();
    assert_eq!(screened.event.as_ref().map(|event| event.event_id.to_string()).as_deref(), Some(EXAMPLE_ID));
    assert_eq!(screened.body, body.as_bytes());
    assert_eq!((screened.call.request_id(), screened.call.dry_run()), ("mine", true));
    assert_eq!(screened.head.headers["authorization"], "Bearer of upstream");
    assert!(service.observed().is_empty() && service.store_calls() == 0);
}

#[test]
fn what_is_wrong_is_answered_as_the_router_does() {
    let service = Service::with_tokens(&["secret"]);
    let token = ("authorization", "Bearer secret");
    for (target, headers, body) in [
        ("/ingest", vec![JSON], EXAMPLE),
        ("/ingest?dry_run=1", vec![JSON, token], EXAMPLE),
        ("/ingest", vec![token], EXAMPLE),
        ("/ingest", vec![JSON, token, ("content-encoding", "gzip")], EXAMPLE),
        ("/ingest", vec![JSON, token], "{}"),
        ("/ingest/batch", vec![JSON, token], "{}"),
        ("/ingest/batch", vec![JSON], "[]"),
        ("/events", vec![], ""),
    ] {
        let screened = screen(&service, Method::POST, target, &headers, body).unwrap_err();
        let observed = service.observed();
        let method = if target == "/events" { Method::GET } else { Method::POST };
        let routed = service.call(method, target, &headers, body.to_owned());
        assert_eq!((screened.status, screened.json()), (routed.status, routed.json()), "{target} {headers:?}");
        assert_eq!((observed.len(), service.observed().len()), (1, 1));
    }
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn batches_and_questions_go_on_unread() {
    let service = Service::with_tokens(&["secret"]);
    let token = ("authorization", "Bearer secret");
    for (target, headers, body) in [
        ("/ingest/batch", vec![JSON, token], "[{}, 1]"),
        ("/events?entity_id=e", vec![token], ""),
        // Health checks need no token.
        ("/readyz", vec![], ""),
    ] {
        let screened = screen(&service, Method::POST, target, &headers, body).unwrap();
        assert_eq!((screened.event, &screened.body[..]), (None, body.as_bytes()), "{target}");
    }
}

#[test]
fn a_relayed_answer_is_observed_as_what_it_says() {
    let service = Service::new(Config::default());
    for (body, verdict, rest) in [
        (r#"{"event_id":"…","status":"ACCEPTED","ingest_lag_ms":-7,"s3_key":"…"}"#, "Accepted", "Some(-7), codes: []"),
        (r#"{"status":"DUPLICATE","ingest_lag_ms":7}"#, "Duplicate", "Some(7), codes: []"),
        (r#"{"status":"REJECTED","errors":[{"code":"too_large"}]}"#, "Rejected", "None, codes: []"),
        (r#"{"status":"ERROR","errors":[{"code":"unauthorized"}]}"#, "Error", "None, codes: [\"unauthorized\"]"),
        ("<html>", "Error", "None, codes: []"),
    ] {
        let Screened { call, event, .. } = screen(&service, Method::POST, "/ingest", &[JSON], EXAMPLE).unwrap();
        let response = Response::new(Body::from(body));
        let answer = read(service.api.relay(&call, event, response, body.as_bytes()));
        assert_eq!(answer.body, body.as_bytes());
        assert!(!answer.header("x-request-id").is_empty());
        let observed = service.observed();
        let expected = format!("verdict: {verdict}, ingest_lag_ms: {rest}");
        assert!(observed[0].contains(&expected) && observed[0].contains(EXAMPLE_ID), "{observed:?}");
    }
}
