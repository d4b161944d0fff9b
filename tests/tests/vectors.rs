//! Every vector in `vectors/`, through the core.

use pik_core::{Event, EventId};
use pik_tests::vector::{self, Expected};
use sha2::{Digest, Sha256};

#[test]
fn every_vector_holds() {
    let vectors = vector::all();
    assert!(vectors.len() >= 1_000, "only {} vectors were found", vectors.len());
    let mut wrong = Vec::new();
    for vector in &vectors {
        let answer = Expected::of_body(&vector.body());
        if answer != vector.expected {
            wrong.push(format!(
                "{}: {}\n  expected {:?}\n  answered {answer:?}",
                vector.name, vector.comment, vector.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} vectors fail:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

#[test]
fn hashing_on_the_way_and_keeping_the_payload_agree() {
    for vector in vector::all() {
        let body = vector.body();
        let kept = Event::parse_with_payload(&body).map(|(event, _)| event);
        assert_eq!(Event::parse(&body), kept, "{}", vector.name);
        assert_eq!(Event::check(&body).err(), kept.err(), "{}", vector.name);
    }
}

#[test]
fn raw_is_the_body_without_the_white_space_around_it() {
    for vector in vector::all() {
        let body = vector.body();
        let Ok(event) = Event::parse(&body) else { continue };
        let text = std::str::from_utf8(&body).expect("accepted, so UTF-8");
        let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
        assert_eq!(event.raw(), trimmed.as_bytes(), "{}", vector.name);
        assert_eq!(Event::parse(event.raw()).expect("raw is the event").id(), event.id(), "{}", vector.name);
    }
}

#[test]
fn an_id_is_the_hash_of_its_preimage() {
    for vector in vector::all() {
        let body = vector.body();
        let Ok(event) = Event::parse(&body) else { continue };
        assert_eq!(EventId::from_bytes(Sha256::digest(event.id_preimage()).into()), *event.id(), "{}", vector.name);
    }
}
