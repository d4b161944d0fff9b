#![doc = include_str!("../README.md")]

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use pik_core::{Event, Rejection, key_prefix};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

const BETWEEN: u8 = 0xff;

/// The id of the event in a body, or all that is wrong with the body.
#[wasm_bindgen(js_name = eventId)]
pub fn event_id(body: &[u8]) -> Vec<u8> {
    // The canonical payload is not wanted here, but a second instance of the parser would be a tenth of the module.
    match Event::parse_with_payload(body) {
        Ok((event, _)) => event.id().to_string().into_bytes(),
        Err(rejection) => rejected(&rejection),
    }
}

/// What is known of the event in a body before it is sent, or all that is wrong with the body: event_id, payload_hash,
/// event_time, the canonical payload and the key's prefix.
#[wasm_bindgen]
pub fn preview(body: &[u8]) -> Vec<u8> {
    let (event, payload) = match Event::parse_with_payload(body) {
        Ok(parsed) => parsed,
        Err(rejection) => return rejected(&rejection),
    };
    let mut answer = event.id().to_string().into_bytes();
    add(&mut answer, &event.payload_hash().to_string());
    add(&mut answer, &event.event_time().canonical());
    add(&mut answer, &payload);
    add(&mut answer, &key_prefix(&event));
    answer
}

fn rejected(rejection: &Rejection) -> Vec<u8> {
    let mut answer = Vec::new();
    for problem in rejection.problems() {
        add(&mut answer, problem.code.as_str());
        add(&mut answer, &problem.path);
        add(&mut answer, &problem.message);
    }
    answer
}

fn add(answer: &mut Vec<u8>, field: &str) {
    answer.push(BETWEEN);
    answer.extend_from_slice(field.as_bytes());
}
