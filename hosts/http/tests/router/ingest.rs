//! `POST /ingest`.

use pik_core::{Obstacle, StoreError};
use pik_http::Config;
use serde_json::json;

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, EXAMPLE_KEY, Service};

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
}

#[test]
fn the_bytes_are_kept_as_they_came() {
    let service = Service::new(Config::default());
    let spelled = EXAMPLE.replace("10", "1.0e1").replace("heartbeat\",", "heartbeat\",\n  ");
    assert_eq!(service.post("/ingest", format!("\t{spelled} \n")).gist(), "200 ACCEPTED");
    let objects = service.api.store().memory.raw_store.objects(&EXAMPLE_ID.parse().unwrap());
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0].1, spelled.as_bytes());
}

#[test]
fn everything_wrong_is_told_at_once_and_nothing_is_stored() {
    let service = Service::new(Config::default());
    let answer =
        service.post("/ingest", r#"{"source":"","event_time":"2025-12-28T23:59:59","payload":{"a":1,"a":2},"x":1}"#);
    assert_eq!(
        answer.gist(),
        "400 REJECTED empty,missing_field,missing_field,missing_offset,duplicate_key,unknown_field"
    );
    let json = answer.json();
    assert_eq!(json["errors"][4]["path"], "/payload/a");
    assert!(json.get("dry_run").is_none());
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn a_store_that_fails_is_an_error_that_may_be_sent_again() {
    for (error, gist, retry_after) in [
        (StoreError::Overloaded("queue of 512".into()), "503 ERROR overloaded", "1"),
        (StoreError::Throttled("table events".into()), "503 ERROR overloaded", "1"),
        (StoreError::Unavailable("connection refused".into()), "503 ERROR unavailable", "1"),
        (StoreError::Internal("no such table".into()), "500 ERROR internal", ""),
    ] {
        let service = Service::new(Config::default());
        let reason = error.reason().to_owned();
        service.fail_next([Some(error)]);
        let failed = service.post("/ingest", EXAMPLE);
        assert_eq!(failed.gist(), gist);
        assert_eq!(failed.json()["errors"][0]["path"], "");
        assert_eq!(failed.header("retry-after"), retry_after);
        // The reason names machines and tables: it is for the log.
        assert!(!String::from_utf8(failed.body).unwrap().contains(&reason));
        assert!(service.observed()[0].contains(&reason));

        assert_eq!(service.post("/ingest", EXAMPLE).gist(), "200 ACCEPTED");
    }
}

#[test]
fn an_obstacle_that_the_operator_must_remove_is_named_to_the_client_and_its_reason_is_not() {
    for (obstacle, named) in [
        (Obstacle::DiskFull, "disk is full"),
        (Obstacle::ReadOnly, "read-only"),
        (Obstacle::FileMoved, "moved"),
        (Obstacle::Denied, "refuses the server's credentials"),
        (Obstacle::Missing, "does not exist"),
        (Obstacle::OtherRegion, "another region"),
        (Obstacle::WrongClock, "clock"),
        (Obstacle::UnusableKey, "key that encrypts"),
    ] {
        let service = Service::new(Config::default());
        let blocked = || Some(StoreError::Blocked(obstacle, "/srv/secret".into()));
        let batch = format!("[{EXAMPLE}]");
        let asks: [&dyn Fn() -> Answered; 3] =
            [&|| service.post("/ingest", EXAMPLE), &|| service.post("/ingest/batch", batch.clone()), &|| {
                service.get("/readyz")
            }];
        for ask in asks {
            service.fail_next([blocked()]);
            let answer = ask();
            assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
            let text = String::from_utf8(answer.body).unwrap();
            assert!(text.contains("\"unavailable\"") && text.contains(named), "{text}");
            assert!(!text.contains("/srv/secret"), "{text}");
            assert!(service.observed()[0].contains("/srv/secret"), "the log has it");
        }
    }
}

#[test]
fn the_limit_may_be_set_lower() {
    let service = Service::new(Config { max_event_bytes: EXAMPLE.len(), ..Config::default() });
    assert_eq!(service.post("/ingest", EXAMPLE).gist(), "200 ACCEPTED");
    assert_eq!(service.post("/ingest", format!("{EXAMPLE} ")).gist(), "413 REJECTED too_large");
}
