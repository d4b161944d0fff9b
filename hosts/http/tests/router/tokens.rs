//! Bearer tokens.

use axum::body::Body;
use axum::http::Method;
use pik_http::{Api, Config, ConfigError};

use crate::service::{EXAMPLE, Service, TestHost, TestStore};

fn post(service: &Service, authorization: &[&str]) -> (String, String) {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(authorization.iter().map(|value| ("authorization", *value)));
    let answer = service.call(Method::POST, "/ingest", &headers, EXAMPLE);
    (answer.gist(), answer.header("www-authenticate").to_owned())
}

#[test]
fn any_of_the_tokens_lets_in() {
    for header in ["Bearer one", "bearer one", "BEARER  two ", "Bearer three~+/=="] {
        let service = Service::with_tokens(&["one", "two", "three~+/=="]);
        assert_eq!(post(&service, &[header]).0, "200 ACCEPTED", "{header}");
    }
}

#[test]
fn nothing_else_does() {
    let service = Service::with_tokens(&["one", "two"]);
    let missing = "Bearer realm=\"pik\"";
    let wrong = "Bearer realm=\"pik\", error=\"invalid_token\"";
    for (headers, challenge) in [
        (&[][..], missing),
        (&[""], missing),
        (&["Bearer"], missing),
        (&["Basic b25lOg=="], missing),
        (&["Bearer one", "Bearer one"], missing),
        (&["Bearer "], missing),
        (&["Bearer on"], wrong),
        (&["Bearer onee"], wrong),
        (&["Bearer One"], wrong),
        (&["Bearer one two"], wrong),
        (&["Bearer onetwo"], wrong),
    ] {
        assert_eq!(post(&service, headers), ("401 ERROR unauthorized".to_owned(), challenge.to_owned()), "{headers:?}");
    }
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn questions_need_one_too() {
    let service = Service::with_tokens(&["one"]);
    for path in ["/events", "/events?x", "/events/x", "/events/x/raw", "/stats", "/streams"] {
        assert_eq!(service.get(path).gist(), "401 ERROR unauthorized", "{path}");
    }
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn probes_and_the_description_are_open() {
    let service = Service::with_tokens(&["one"]);
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(service.get(path).status, 200, "{path}");
    }
    assert_eq!(service.call(Method::POST, "/ingest/batch", &[], Body::empty()).gist(), "401 ERROR unauthorized");
}

#[test]
fn a_token_that_cannot_be_sent_stops_the_start() {
    for token in ["", "two words", "naïve"] {
        let config = Config { tokens: vec!["fine".into(), token.into()], ..Config::default() };
        let made = Api::new(TestStore::default(), TestHost::default(), config);
        assert_eq!(made.err(), Some(ConfigError::Token), "{token:?}");
    }
}
