//! Bearer tokens.

use axum::body::Body;
use axum::http::Method;
use pik_http::{Allowance, Api, Config, ConfigError, Scope, TokenList};

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

/// The token `open` for events, `seen` for questions, `counted` for metrics.
fn scoped() -> (Service, TokenList) {
    let lines = [("shop", Scope::Ingest, "open"), ("eyes", Scope::Read, "seen"), ("prom", Scope::Metrics, "counted")];
    let text: String = lines
        .iter()
        .map(|(name, scope, token)| TokenList::line(&name.parse().unwrap(), &[*scope], &Allowance::default(), token))
        .collect();
    let list = TokenList::read(&text).unwrap();
    let config = Config { token_list: Some(list.clone()), metrics: true, ..Config::default() };
    (Service::new(config), list)
}

#[test]
fn a_token_is_for_its_scopes_alone() {
    let (service, _) = scoped();
    let ask = |path: &str, token: &str| {
        let (method, body) = if path == "/ingest" { (Method::POST, EXAMPLE) } else { (Method::GET, "") };
        let authorization = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", &*authorization)];
        let answer = service.call(method, path, &headers, body);
        (answer.status.as_u16(), answer.header("www-authenticate").to_owned())
    };
    for (path, scope, right) in
        [("/ingest", "ingest", "open"), ("/stats?x", "read", "seen"), ("/metrics", "metrics", "counted")]
    {
        for token in ["open", "seen", "counted", "Open"] {
            let (status, challenge) = ask(path, token);
            if token == right {
                assert!(![401, 403].contains(&status), "{path} {token}: {status}");
            } else if token == "Open" {
                assert_eq!(status, 401);
            } else {
                assert_eq!(status, 403, "{path} {token}");
                assert!(
                    challenge.ends_with(&format!("error=\"insufficient_scope\", scope=\"{scope}\"")),
                    "{challenge}"
                );
            }
        }
    }
}

#[test]
fn a_list_is_replaced_while_it_is_served() {
    let (service, list) = scoped();
    assert_eq!(post(&service, &["Bearer open"]).0, "200 ACCEPTED");
    list.replace(&TokenList::default());
    assert_eq!(post(&service, &["Bearer open"]).0, "401 ERROR unauthorized", "an empty list lets nobody in");
    list.replace(
        &TokenList::read(&TokenList::line(&"new".parse().unwrap(), &Scope::ALL, &Allowance::default(), "other"))
            .unwrap(),
    );
    assert_eq!(post(&service, &["Bearer other"]).0, "200 DUPLICATE");
}
