//! Dry runs write nothing and answer what a real request would be answered.

use axum::http::Method;
use pik_core::StoreError;
use pik_http::Config;
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, Service};

fn without_dry_run(answer: &Answered) -> Value {
    let mut json = answer.json();
    let flag = json.as_object_mut().unwrap().remove("dry_run");
    assert_eq!(flag, Some(json!(true)));
    json
}

#[test]
fn nothing_is_written_and_the_answer_is_the_real_one() {
    for config in [Config::default(), Config { dry_run: true, ..Config::default() }] {
        let target = if config.dry_run { "/ingest?dry_run=false" } else { "/ingest?dry_run=true" };
        let service = Service::new(config);
        let real = Service::new(Config::default());
        for _ in 0..2 {
            let dry = service.post(target, EXAMPLE);
            assert_eq!((dry.status.as_u16(), dry.json()["status"].clone()), (200, json!("ACCEPTED")));
        }
        assert!(service.api.store().memory.ledger.records(&EXAMPLE_ID.parse().unwrap()).is_empty());
        assert!(service.api.store().receipts.lock().unwrap().is_empty());
        assert_eq!(without_dry_run(&service.post(target, EXAMPLE)), real.post("/ingest", EXAMPLE).json());
    }
}

#[test]
fn what_was_there_before_is_a_duplicate() {
    let service = Service::new(Config::default());
    service.post("/ingest", EXAMPLE);
    let dry = service.post("/ingest?dry_run=true", EXAMPLE);
    let records = service.api.store().memory.ledger.records(&EXAMPLE_ID.parse().unwrap());
    assert_eq!(records.len(), 1);
    assert_eq!(without_dry_run(&dry), service.post("/ingest", EXAMPLE).json());
    assert_eq!(dry.gist(), "200 DUPLICATE");
}

#[test]
fn refusals_say_so_too() {
    let service = Service::new(Config { dry_run: true, tokens: vec!["secret".into()], ..Config::default() });
    let json_type = ("content-type", "application/json");
    let token = ("authorization", "Bearer secret");
    let refused = [
        (service.call(Method::POST, "/ingest", &[json_type], EXAMPLE), "401 ERROR unauthorized"),
        (service.call(Method::POST, "/ingest", &[token], EXAMPLE), "415 REJECTED unsupported_media_type"),
        (service.call(Method::POST, "/ingest", &[token, json_type], "[]"), "400 REJECTED not_an_object"),
        (service.call(Method::POST, "/ingest/batch", &[token, json_type], "["), "400 REJECTED invalid_json"),
    ];
    for (answer, gist) in refused {
        assert_eq!(answer.gist(), gist);
        assert_eq!(answer.json()["dry_run"], true, "{gist}");
    }
    service.fail_next([Some(StoreError::Unavailable("away".into()))]);
    let away = service.call(Method::POST, "/ingest", &[token, json_type], EXAMPLE);
    assert_eq!((away.gist().as_str(), away.header("retry-after")), ("503 ERROR unavailable", "1"));
    assert_eq!(away.json()["dry_run"], true);
}

#[test]
fn logs_and_metrics_hear_of_it() {
    let service = Service::new(Config::default());
    service.post("/ingest?dry_run=true", EXAMPLE);
    let observed = service.observed();
    assert_eq!(observed.len(), 1);
    assert!(observed[0].contains("dry_run: true") && observed[0].contains("verdict: Accepted"), "{observed:?}");
}
