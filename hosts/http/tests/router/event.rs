//! `GET /events/{event_id}`: the record, where its raw object is, its duplicates.

use pik_core::{Event, Ledger, Receipt, Submission};
use pik_http::Config;
use serde_json::Value;

use crate::service::{EXAMPLE, EXAMPLE_ID, EXAMPLE_KEY, Service};

#[test]
fn an_event_is_told_with_its_duplicates_page_by_page() {
    let service = Service::new(Config::default());
    for nth in 0..6 {
        service.arrive(nth, EXAMPLE, &format!("2025-12-29T20:15:3{nth}.000Z"));
    }
    let whole = service.get(&format!("/events/{EXAMPLE_ID}"));
    assert_eq!(whole.header("cache-control"), "no-store");
    let whole = whole.json();
    assert_eq!(whole["event"]["status"], "ACCEPTED");
    assert_eq!(whole["event"]["ingest_time"], "2025-12-29T20:15:30.000Z");
    assert_eq!(
        (whole["event"]["raw_bucket"].as_str(), whole["event"]["raw_key"].as_str()),
        (Some("memory"), Some(EXAMPLE_KEY))
    );
    let duplicates = whole["duplicates"].as_array().unwrap();
    let times: Vec<&str> = duplicates.iter().map(|record| record["ingest_time"].as_str().unwrap()).collect();
    assert_eq!(times, (1..6).map(|second| format!("2025-12-29T20:15:3{second}.000Z")).collect::<Vec<_>>());
    assert!(duplicates.iter().all(|record| record["status"] == "DUPLICATE" && record["raw_key"] == EXAMPLE_KEY));
    assert_eq!(whole["next_cursor"], Value::Null);

    let (mut pages, mut target) = (Vec::new(), format!("/events/{EXAMPLE_ID}?limit=2"));
    loop {
        let page = service.get(&target).json();
        assert_eq!(page["event"], whole["event"]);
        pages.extend(page["duplicates"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/events/{EXAMPLE_ID}?limit=2&cursor={cursor}");
    }
    assert_eq!(&pages, duplicates);
}

#[test]
fn an_event_that_is_not_there_is_not_found() {
    let service = Service::new(Config::default());
    service.arrive(0, EXAMPLE, "2025-12-29T20:15:30.000Z");
    let unknown = EXAMPLE_ID.replace('5', "6");
    assert_eq!(service.get(&format!("/events/{unknown}")).gist(), "404 ERROR not_found");
    assert_eq!(service.get(&format!("/events/{unknown}/raw")).gist(), "404 ERROR not_found");
}

#[test]
fn a_claim_that_was_not_finished_is_not_found() {
    let service = Service::new(Config::default());
    let event = Event::parse(EXAMPLE.as_bytes()).unwrap();
    let claim = Submission::new(&event, "2025-12-29T20:15:30.000Z".parse().unwrap(), Receipt::new("dead", 0, 0))
        .claim("memory");
    futures_executor::block_on(service.api.store().memory.ledger.claim(&claim)).unwrap();
    for target in ["", "/raw"] {
        assert_eq!(service.get(&format!("/events/{EXAMPLE_ID}{target}")).gist(), "404 ERROR not_found");
    }
    let tag = format!("\"{EXAMPLE_ID}\"");
    let answer = service.call(
        axum::http::Method::GET,
        &format!("/events/{EXAMPLE_ID}/raw"),
        &[("if-none-match", &tag)],
        axum::body::Body::empty(),
    );
    assert_eq!(answer.gist(), "404 ERROR not_found");
}

#[test]
fn what_is_no_id_is_told_so() {
    let service = Service::new(Config::default());
    let ids = [
        "x",
        &EXAMPLE_ID.to_uppercase(),
        &EXAMPLE_ID[1..],
        &format!("{EXAMPLE_ID}0"),
        "%35",
        "..",
        "{event_id}",
        &"é".repeat(32),
    ];
    for id in ids.map(|id| id.replace('é', "%C3%A9")) {
        for target in [format!("/events/{id}"), format!("/events/{id}/raw")] {
            assert_eq!(service.get(&target).gist(), "400 ERROR invalid_parameter", "{target}");
        }
    }
    for query in ["?x", "?limit=0", "?limit=1&limit=1", "?cursor=x", "?entity_id=user_123", "?status=DUPLICATE"] {
        assert_eq!(
            service.get(&format!("/events/{EXAMPLE_ID}{query}")).gist(),
            "400 ERROR invalid_parameter",
            "{query}"
        );
    }
    assert_eq!(service.get(&format!("/events/{EXAMPLE_ID}/raw?limit=1")).gist(), "400 ERROR invalid_parameter");
    assert_eq!(service.store_calls(), 0);
}
