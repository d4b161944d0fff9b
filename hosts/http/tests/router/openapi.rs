//! `GET /openapi.json` says what there is: every endpoint, every code, every answer.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use pik_core::{Code, StoreError};
use pik_http::{Config, Endpoint, ErrorCode};
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, Service};

fn document(service: &Service) -> Value {
    service.get("/openapi.json").json()
}

/// Every string there is, keys left out.
fn strings<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            found.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn every_endpoint_and_every_code_is_in_it() {
    let service = Service::new(Config { metrics: true, ..Config::default() });
    let document = document(&service);
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, Endpoint::ALL.map(Endpoint::path).into());

    let mut found = BTreeSet::new();
    strings(&document["components"]["schemas"], &mut found);
    for code in Code::ALL.map(Code::as_str).into_iter().chain(ErrorCode::ALL.map(ErrorCode::as_str)) {
        assert!(found.contains(code), "{code}");
    }
}

#[test]
fn its_operations_are_the_methods_that_are_taken() {
    let service = Service::new(Config::default());
    let document = document(&service);
    for (path, item) in document["paths"].as_object().unwrap() {
        let allow = service.call(Method::DELETE, path, &[], Body::empty()).header("allow").to_owned();
        let allowed: BTreeSet<String> =
            allow.split(',').filter(|method| *method != "HEAD").map(str::to_lowercase).collect();
        assert_eq!(item.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>(), allowed, "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let service = Service::with_tokens(&["secret"]);
    let document = document(&service);
    let mut found = BTreeSet::new();
    strings(&document, &mut found);
    let references: Vec<&str> = found.into_iter().filter_map(|text| text.strip_prefix('#')).collect();
    assert!(references.len() >= 6, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn tokens_are_asked_for_where_they_are() {
    let closed = document(&Service::with_tokens(&["secret"]));
    assert_eq!(closed["paths"]["/ingest"]["post"]["security"], json!([{"bearer": []}]));
    assert_eq!(closed["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert!(closed["paths"]["/healthz"]["get"].get("security").is_none());
    let open = document(&Service::new(Config::default()));
    assert!(open["paths"]["/ingest"]["post"].get("security").is_none());
    assert!(open["paths"]["/ingest"]["post"]["responses"].get("401").is_none());
}

/// What the document promises of an answer: its status, its schema.
fn check(document: &Value, path: &str, method: &str, answer: &Answered) {
    let status = answer.status.as_u16().to_string();
    let response = &document["paths"][path][method]["responses"][status.as_str()];
    assert!(response.is_object(), "{method} {path} {status} is not described");
    let schema = &response["content"]["application/json"]["schema"];
    assert!(fits(document, schema, &answer.json()), "{method} {path} {status}: {} and {schema}", answer.json());
    for name in response["headers"].as_object().unwrap().keys() {
        assert!(!answer.header(name).is_empty(), "{method} {path} {status} has no {name}");
    }
}

/// As much of JSON Schema as the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(document, document.pointer(&reference[1..]).unwrap(), value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().filter(|choice| fits(document, choice, value)).count() == 1;
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.contains(value);
    }
    match schema["type"].as_str() {
        None if schema["type"].is_array() => {
            let types = schema["type"].as_array().into_iter().flatten();
            types.filter(|name| fits(document, &json!({ "type": name }), value)).count() == 1
        }
        None if schema["type"].is_null() => true,
        Some("null") => value.is_null(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => {
            value.as_array().is_some_and(|items| items.iter().all(|item| fits(document, &schema["items"], item)))
        }
        Some("object") => {
            let Some(members) = value.as_object() else { return false };
            let required = schema["required"].as_array().into_iter().flatten();
            required.filter_map(Value::as_str).all(|name| members.contains_key(name))
                && members.iter().all(|(name, member)| {
                    let property = &schema["properties"][name];
                    property.is_object() && fits(document, property, member)
                })
        }
        Some(_) | None => panic!("a schema of another kind: {schema}"),
    }
}

#[test]
fn answers_are_as_described() {
    let service = Service::with_tokens(&["secret"]);
    let document = document(&service);
    let json_type = ("content-type", "application/json");
    let token = ("authorization", "Bearer secret");
    let post = |target: &str, headers: &[(&str, &str)], body: &str| {
        service.call(Method::POST, target, headers, body.to_owned())
    };
    let away = || Some(StoreError::Unavailable("away".into()));
    for target in ["/ingest", "/ingest/batch"] {
        let event = if target == "/ingest" { EXAMPLE.to_owned() } else { format!("[{EXAMPLE},{{}},{EXAMPLE}]") };
        for query in ["", "?dry_run=true"] {
            let path = format!("{target}{query}");
            check(&document, target, "post", &post(&path, &[json_type, token], &event));
            check(&document, target, "post", &post(&path, &[json_type, token], "{"));
            check(&document, target, "post", &post(&path, &[token], &event));
            check(&document, target, "post", &post(&path, &[json_type], &event));
            service.fail_next([away()]);
            check(&document, target, "post", &post(&path, &[json_type, token], &event));
        }
        service.fail_next([Some(StoreError::Internal("odd".into())), None, Some(StoreError::Internal("odd".into()))]);
        check(&document, target, "post", &post(target, &[json_type, token], &event));
        check(&document, target, "post", &post(target, &[json_type, token], &" ".repeat(17 << 20)));
        check(&document, target, "post", &post(&format!("{target}?x"), &[json_type, token], &event));
    }
    for path in ["/healthz", "/readyz"] {
        check(&document, path, "get", &service.get(path));
        check(&document, path, "get", &service.get(&format!("{path}?x")));
    }
    service.fail_next([away()]);
    check(&document, "/readyz", "get", &service.get("/readyz"));
}

#[test]
fn answers_to_questions_are_as_described() {
    let service = Service::with_tokens(&["secret"]);
    let document = document(&service);
    let token = ("authorization", "Bearer secret");
    for nth in 0..3 {
        service.arrive(nth, EXAMPLE, "2025-12-29T20:15:35.580Z");
    }
    let unknown = "0".repeat(64);
    let stats = "source=demo&event_type=heartbeat&from=2025-12-28T22:00:00Z&to=2025-12-29T00:00:00Z";
    let questions = [
        ("/events", "/events?entity_id=user_123".to_owned()),
        ("/events", "/events?entity_id=user_123&limit=2".to_owned()),
        ("/events/{event_id}", format!("/events/{EXAMPLE_ID}")),
        ("/events/{event_id}", format!("/events/{EXAMPLE_ID}?limit=1")),
        ("/events/{event_id}", format!("/events/{unknown}")),
        ("/events/{event_id}/raw", format!("/events/{EXAMPLE_ID}/raw")),
        ("/events/{event_id}/raw", format!("/events/{unknown}/raw")),
        ("/stats", format!("/stats?{stats}")),
        ("/streams", "/streams".to_owned()),
    ];
    for (path, target) in questions {
        let get = |headers: &[(&str, &str)]| service.call(Method::GET, &target, headers, Body::empty());
        let answer = get(&[token]);
        assert!(matches!(answer.status.as_u16(), 200 | 404), "{target}: {}", answer.gist());
        check(&document, path, "get", &answer);
        check(&document, path, "get", &get(&[]));
        service.fail_next([Some(StoreError::Unavailable("away".into()))]);
        check(&document, path, "get", &get(&[token]));
        let broken =
            target.replace("ev", "no").replacen("no", "ev", 1) + if target.contains('?') { "&x" } else { "?x" };
        check(&document, path, "get", &service.call(Method::GET, &broken, &[token], Body::empty()));
    }
}
