//! `GET /events?wait=`: a question about arrivals that waits for one.

use std::sync::atomic::Ordering;

use pik_http::Config;
use serde_json::json;

use crate::service::{EXAMPLE, Service};

fn service(most_pauses: u64) -> Service {
    let service = Service::new(Config::default());
    service.api.host().most_pauses.store(most_pauses, Ordering::Relaxed);
    service
}

fn pauses(service: &Service) -> u64 {
    service.api.host().pauses.swap(0, Ordering::Relaxed)
}

#[test]
fn it_waits_as_long_as_it_is_told_to_while_there_is_nothing() {
    let service = service(1_000);
    let nothing = service.get("/events?arrived_from=2025-12-29T00:00:00Z&wait=5");
    assert_eq!(nothing.json()["events"], json!([]));
    assert_eq!(nothing.json()["settled_until"], "2025-12-29T20:15:35.580Z");
    // 100, 200, 400 and 800 ms, then a second each.
    assert_eq!(pauses(&service), 8);
    for at_once in ["", "&wait=0"] {
        service.get(&format!("/events?arrived_from=2025-12-29T00:00:00Z{at_once}"));
        assert_eq!(pauses(&service), 0, "{at_once}");
    }
}

#[test]
fn it_does_not_wait_for_what_is_there_or_can_never_be() {
    let service = service(1_000);
    service.arrive(0, EXAMPLE, "2025-12-29T12:00:00.000Z");
    let there = service.get("/events?arrived_from=2025-12-29T00:00:00Z&source=demo&wait=30");
    assert_eq!(there.json()["events"].as_array().unwrap().len(), 1);
    // A window that is over.
    service.get("/events?arrived_from=2025-12-29T13:00:00Z&arrived_to=2025-12-29T14:00:00Z&wait=30");
    assert_eq!(pauses(&service), 0);
    service.get("/events?arrived_from=2025-12-29T13:00:00Z&source=demo&wait=1");
    assert_ne!(pauses(&service), 0);
}

#[test]
fn a_host_that_is_about_to_stop_answers() {
    let service = service(3);
    let nothing = service.get("/events?arrived_from=2025-12-29T00:00:00Z&wait=30");
    assert_eq!((nothing.status.as_u16(), pauses(&service)), (200, 3));
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = service(0);
    for (query, words) in [
        ("?entity_id=a&wait=5", "`wait` does not go with `entity_id`"),
        ("?from=2025-12-28T10:00:00Z&wait=5", "`wait` does not go with `from`"),
        ("?source=demo&order=desc&wait=5", "`wait` does not go with `order=desc`"),
        ("?source=demo&wait=31", "`wait` is not a number of seconds from 0 to 30"),
        ("?source=demo&wait=-1", "`wait` is not a number of seconds"),
        ("?source=demo&wait=1.5", "`wait` is not a number of seconds"),
    ] {
        let answer = service.get(&format!("/events{query}"));
        assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{query}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{query}: {message}");
    }
}
