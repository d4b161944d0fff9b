#![doc = include_str!("../README.md")]

use pik_core::{Event, Rejection, key_prefix};
use wasm_bindgen::prelude::*;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    /// What is known of an event before it is sent, as a plain object.
    #[wasm_bindgen(js_name = Object, typescript_type = "Record<string, string>")]
    pub type Preview;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Preview;
    #[wasm_bindgen(method, setter)]
    fn set_event_id(this: &Preview, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_payload_hash(this: &Preview, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_event_time(this: &Preview, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_canonical_payload(this: &Preview, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_key_prefix(this: &Preview, text: &str);
}

#[wasm_bindgen]
extern "C" {
    /// One thing that is wrong, as a plain object. What is thrown is an array of them.
    #[wasm_bindgen(js_name = Object)]
    pub type Problem;
    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Problem;
    #[wasm_bindgen(method, setter)]
    fn set_code(this: &Problem, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_path(this: &Problem, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_message(this: &Problem, text: &str);
}

/// The id of the event in a body, or all that is wrong with the body.
#[wasm_bindgen(js_name = eventId)]
pub fn event_id(body: &[u8]) -> Result<String, Vec<Problem>> {
    // The canonical payload is not wanted here, but a second instance of the parser would be a tenth of the module.
    let (event, _) = Event::parse_with_payload(body).map_err(problems)?;
    Ok(event.id().to_string())
}

/// What is known of the event in a body before it is sent, or all that is wrong with the body.
#[wasm_bindgen]
pub fn preview(body: &[u8]) -> Result<Preview, Vec<Problem>> {
    let (event, payload) = Event::parse_with_payload(body).map_err(problems)?;
    let preview = Preview::new();
    preview.set_event_id(&event.id().to_string());
    preview.set_payload_hash(&event.payload_hash().to_string());
    preview.set_event_time(&event.event_time().canonical());
    preview.set_canonical_payload(&payload);
    preview.set_key_prefix(&key_prefix(&event));
    Ok(preview)
}

fn problems(rejection: Rejection) -> Vec<Problem> {
    rejection.problems().iter().map(thrown).collect()
}

fn thrown(problem: &pik_core::Problem) -> Problem {
    let thrown = Problem::new();
    thrown.set_code(problem.code.as_str());
    thrown.set_path(&problem.path);
    thrown.set_message(&problem.message);
    thrown
}
