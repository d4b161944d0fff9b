//! `POST /ingest`.

use pik_http::Config;
use serde_json::json;

use crate::service::{EXAMPLE, EXAMPLE_ID, EXAMPLE_KEY, Service};

#[test]
fn the_example_is_accepted_and_then_a_duplicate() {
    let service = Service::new(Config::default());
    let first = service.post("/ingest", EXAMPLE);
    assert_eq!(first.status, 200);
    assert_eq!(
        first.json(),
        json!({"event_id": EXAMPLE_ID, "status": "ACCEPTED", "ingest_lag_ms": 72_936_580, "s3_key": EXAMPLE_KEY})
    );
    assert_eq!(first.header("content-type"), "application/json");

    let second = service.post("/ingest", format!(" {EXAMPLE}\n"));
    assert_eq!(second.gist(), "200 DUPLICATE");
    assert_eq!(second.json()["event_id"], EXAMPLE_ID);
    let id = EXAMPLE_ID.parse().unwrap();
    assert_eq!(service.api.store().memory.raw_store.objects(&id)[0].1, EXAMPLE.as_bytes());
}
