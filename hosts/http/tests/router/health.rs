//! Probes.

use pik_core::StoreError;
use pik_http::Config;
use serde_json::json;

use crate::service::{EXAMPLE, Service};

#[test]
fn health_does_not_ask_the_store_and_readiness_does() {
    let service = Service::new(Config::default());
    service.fail_next([Some(StoreError::Unavailable("away".into()))]);
    assert_eq!(service.get("/healthz").json(), json!({"status": "OK"}));
    assert_eq!(service.store_calls(), 0);

    let away = service.get("/readyz");
    assert_eq!(away.gist(), "503 ERROR unavailable");
    assert_eq!(away.header("retry-after"), "1");

    let back = service.get("/readyz");
    assert_eq!((back.status.as_u16(), back.json()), (200, json!({"status": "OK"})));
    assert_eq!(back.header("cache-control"), "no-store");
}

#[test]
fn whether_it_is_ready_is_for_the_store_to_say() {
    let service = Service::new(Config::default());
    service.fail_next([Some(StoreError::Unavailable("as it was a moment ago".into()))]);
    assert_eq!(service.post("/ingest", EXAMPLE).status, 503);
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn a_dry_run_of_the_host_is_no_matter_of_theirs() {
    let service = Service::new(Config { dry_run: true, ..Config::default() });
    assert_eq!(service.get("/readyz").json(), json!({"status": "OK"}));
}
