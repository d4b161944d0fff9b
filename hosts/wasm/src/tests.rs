//! What the bindings answer, wherever they run: `wasm-pack test --node` and `wasm-pack test --headless --chrome`.

use crate::{event_id, preview};
use wasm_bindgen_test::wasm_bindgen_test;

const EXAMPLE: &str = r#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
    "event_time":"2025-12-29T01:59:59+02:00","payload":{"steps":1e1}}"#;
const EXAMPLE_ID: &str = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";

/// The fields of an answer.
fn fields(answer: &[u8]) -> Vec<&str> {
    answer.split(|byte| *byte == 0xff).map(|field| std::str::from_utf8(field).expect("a field is UTF-8")).collect()
}

#[wasm_bindgen_test]
fn an_event_has_an_id() {
    assert_eq!(fields(&event_id(EXAMPLE.as_bytes())), [EXAMPLE_ID]);
}

#[wasm_bindgen_test]
fn a_preview_has_five_fields() {
    let answer = preview(EXAMPLE.as_bytes());
    assert_eq!(
        fields(&answer),
        [
            EXAMPLE_ID,
            "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
            "2025-12-28T23:59:59Z",
            r#"{"steps":10}"#,
            "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/",
        ]
    );
}

#[wasm_bindgen_test]
fn a_rejection_begins_with_an_empty_field_and_has_all_problems() {
    let body = EXAMPLE.replace("demo", "").replace("+02:00", "");
    for answer in [event_id(body.as_bytes()), preview(body.as_bytes())] {
        let [empty, problems @ ..] = &fields(&answer)[..] else { panic!("there is no field") };
        assert_eq!(*empty, "");
        let told: Vec<_> = problems.chunks(3).map(|problem| (problem[0], problem[1])).collect();
        assert_eq!(told, [("empty", "/source"), ("missing_offset", "/event_time")]);
        assert!(problems.chunks(3).all(|problem| !problem[2].is_empty()));
    }
}

#[wasm_bindgen_test]
fn bytes_that_are_not_utf_8_are_refused_and_do_not_cut_the_answer() {
    for body in [&b"\xff"[..], &[0xff; 3], &[EXAMPLE.as_bytes(), b"\xff"].concat()] {
        let answer = event_id(body);
        assert_eq!(fields(&answer)[..3], ["", "invalid_json", ""]);
        assert_eq!(fields(&answer).len(), 4);
    }
}

#[wasm_bindgen_test]
fn a_path_with_any_character_stays_one_field() {
    let body = EXAMPLE.replace("1e1", r#"{"\u0000\n\uffff":1,"\u0000\n\uffff":2}"#);
    let answer = event_id(body.as_bytes());
    assert_eq!(fields(&answer)[1..3], ["duplicate_key", "/payload/steps/\u{0}\n\u{ffff}"]);
}
