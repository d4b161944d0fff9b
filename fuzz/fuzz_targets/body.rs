//! Any bytes as a request body: an answer, and one that holds together.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pik_core::{Code, Event, EventId, IngestTime, MAX_POINTER_BYTES, MAX_PROBLEMS, PayloadHash, RawKey, Rejection};
use pik_tests::opinion;
use sha2::{Digest, Sha256};

fuzz_target!(|body: &[u8]| {
    let answer = Event::parse(body);
    let kept = Event::parse_with_payload(body);
    assert_eq!(answer, kept.clone().map(|(event, _)| event), "hashing on the way and keeping the payload disagree");
    if let Some(is_json) = opinion::is_json(body) {
        assert_eq!(!is_invalid_json(&answer), is_json, "serde_json disagrees on what is JSON");
    }
    match kept {
        Ok((event, payload)) => check_event(&event, &payload),
        Err(rejection) => check_rejection(&rejection),
    }
});

fn is_invalid_json(answer: &Result<Event<'_>, Rejection>) -> bool {
    answer.as_ref().is_err_and(|rejection| rejection.problems()[0].code == Code::InvalidJson)
}

fn check_event(event: &Event<'_>, payload: &str) {
    assert_eq!(*event.payload_hash(), PayloadHash::from_bytes(Sha256::digest(payload).into()));
    assert_eq!(*event.id(), EventId::from_bytes(Sha256::digest(event.id_preimage()).into()));

    let replayed = Event::parse(event.raw()).expect("the raw bytes are the event");
    assert_eq!(replayed, *event);

    // The canonical payload in the plainest spelling of everything else.
    let members = event
        .id_preimage()
        .replace(&format!("\"payload_hash\":\"{}\"", event.payload_hash()), &format!("\"payload\":{payload}"));
    // Escapes resolved and numbers written out can make it longer than a body may be.
    if members.len() <= pik_core::MAX_BODY_BYTES {
        let (again, payload_again) = Event::parse_with_payload(members.as_bytes()).expect("canonical, so valid");
        assert_eq!(payload_again, payload, "the canonical form is not its own");
        assert_eq!(again.id(), event.id());
    }

    let ingest_time = IngestTime::from_unix_ms(0).expect("1970");
    let key = RawKey::new(event, ingest_time);
    assert!(key.as_str().len() <= 635 && key.as_str().split('/').all(|segment| segment.len() <= 255));
    let partition = key.partition();
    assert_eq!((partition.source.as_str(), partition.event_type.as_str()), (event.source(), event.event_type()));
}

fn check_rejection(rejection: &Rejection) {
    let problems = rejection.problems();
    assert!((1..=MAX_PROBLEMS).contains(&problems.len()));
    for problem in problems {
        let alone = matches!(problem.code, Code::InvalidJson | Code::NotAnObject | Code::TooLarge);
        assert!(!alone || (problems.len() == 1 && problem.path.is_empty()));
        assert!(problem.path.len() <= MAX_POINTER_BYTES);
        assert!(problem.path.is_empty() || problem.path.starts_with('/'));
        assert!(!problem.message.is_empty());
    }
}
