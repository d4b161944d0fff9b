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
fn a_store_that_answers_and_cannot_write_is_not_ready() {
    for target in ["/ingest", "/ingest/batch"] {
        let service = Service::new(Config::default());
        let event = if target == "/ingest" { EXAMPLE.to_owned() } else { format!("[{EXAMPLE}]") };
        service.fail_next([Some(StoreError::Overloaded("full queue".into()))]);
        service.post(target, event.clone());
        assert_eq!(service.get("/readyz").status, 200, "a full queue is a store at work");
        service.fail_next([Some(StoreError::Unavailable("disk full".into()))]);
        service.post(target, event.clone());
        assert_eq!(service.get("/readyz").gist(), "503 ERROR unavailable");
        service.observed();
        assert_eq!(service.get("/readyz").gist(), "503 ERROR unavailable");
        assert!(service.observed()[0].contains("disk full"));
        assert_eq!(service.get("/healthz").status, 200);
        service.post(target, event);
        assert_eq!(service.get("/readyz").status, 200);
    }
}

#[test]
fn a_failed_ingest_does_not_keep_a_server_out_for_ever() {
    let service = Service::new(Config::default());
    service.fail_next([Some(StoreError::Unavailable("disk full".into()))]);
    service.post("/ingest", EXAMPLE);
    assert_eq!(service.get("/readyz").status, 503);
    // A load balancer sends no events to a server that is not ready, so none could tell that it is.
    service.api.host().pass(std::time::Duration::from_secs(10));
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn a_dry_run_of_the_host_is_no_matter_of_theirs() {
    let service = Service::new(Config { dry_run: true, ..Config::default() });
    assert_eq!(service.get("/readyz").json(), json!({"status": "OK"}));
}
