//! What `cargo xtask test instructions` counts: parsing a body and computing its id. The inputs are fixed, and time and
//! the machine's speed have no part in it.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program with arguments")]

use std::fmt::Write;
use std::hint::black_box;

use pik_core::Event;

fn main() {
    let name = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(payload) = name.as_deref().and_then(payload) else {
        println!("name an input: small, unsorted or numbers");
        return;
    };
    let body = format!(
        r#"{{"source":"mobile-app","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{payload}}}"#
    );
    println!("{}", parse_and_id(black_box(body.as_bytes())));
}

/// The function that is counted, with all that it calls.
#[inline(never)]
fn parse_and_id(body: &[u8]) -> pik_core::EventId {
    *Event::parse(body).expect("a valid event").id()
}

fn payload(name: &str) -> Option<String> {
    let mut text = String::new();
    match name {
        "small" => text.push_str(
            r#"{"steps":10,"device":"watch-7","app":{"version":"2.14.0","build":8841},"battery":0.83,"tags":["auto","sync"]}"#,
        ),
        // Members in an order of no kind, strings with escapes.
        "unsorted" => {
            for number in 0..2_000_u32 {
                let name = number.wrapping_mul(2_654_435_761);
                let _ = write!(text, r#","metric.{name:08x}":"caf\u00e9 {number}\n""#);
            }
            text.replace_range(..1, "{");
            text.push('}');
        }
        // Decimals that are not written in their canonical form.
        "numbers" => {
            for number in 0..5_000_u32 {
                let _ = write!(text, ",{}.{:04}0e{}", number.wrapping_mul(48_271) % 100_000, number, number % 7);
            }
            text.replace_range(..1, "[");
            text.push(']');
        }
        _ => return None,
    }
    Some(text)
}
