//! What an id costs: `Event::parse` beside SHA-256 of the same bytes and `serde_json`'s `Value`, in turns within one
//! run, so that their ratios hold on a machine that is not quiet. Prints a table; the best of many turns counts.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "measures time"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use pik_core::{Event, MAX_BODY_BYTES};
use sha2::{Digest, Sha256};

/// Without `--turns=…`.
const TURNS: usize = 150;

fn main() {
    println!("| body | bytes | SHA-256 | Event::parse | × SHA-256's speed | serde_json Value | × its speed |");
    println!("|---|---|---|---|---|---|---|");
    row("small event", &event(SMALL), 200);
    for (name, element) in [("strings", string as fn(&mut Dice) -> String), ("numbers", number), ("nested", order)] {
        row(name, &filled('[', ']', element), 1);
    }
    row(
        "many keys",
        &filled('{', '}', |dice| format!("\"metric.{:08x}.count\":{}", dice.roll() >> 32, dice.below(100_000))),
        1,
    );
}

const SMALL: &str = r#"{"steps":10,"device":"watch-7","app":{"version":"2.14.0","build":8841},"battery":0.83,"tags":["auto","sync"],"session":"0b9f4c1e-7c1d-4b59-9df1-2f6f2a9f8e11"}"#;

fn event(payload: &str) -> Vec<u8> {
    format!(
        r#"{{"source":"mobile-app","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{payload}}}"#
    )
    .into_bytes()
}

/// An event of just under the size limit whose payload is one container of elements.
fn filled(open: char, close: char, element: impl Fn(&mut Dice) -> String) -> Vec<u8> {
    let mut dice = Dice(1);
    let mut payload = String::from(open);
    loop {
        let next = element(&mut dice);
        if payload.len() + next.len() + 200 > MAX_BODY_BYTES {
            payload.push(close);
            return event(&payload);
        }
        if payload.len() > 1 {
            payload.push(',');
        }
        payload.push_str(&next);
    }
}

fn string(dice: &mut Dice) -> String {
    const WORDS: [&str; 8] = [
        "the",
        "quick",
        "brown",
        r#"fox \"jumps\""#,
        "https://example.com/path?x=1",
        "café",
        r"line\nbreak",
        "the lazy dog",
    ];
    let mut text = String::from('"');
    for _ in 0..=dice.below(20) {
        let _ = write!(text, "{} ", WORDS[dice.below(8) as usize]);
    }
    text.push('"');
    text
}

fn number(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice.below(100_000).to_string(),
        1 => format!("0.{:016}", dice.below(10_000_000_000_000_000)),
        2 => dice.roll().to_string(),
        _ => format!("-{}.{}", dice.below(10_000), dice.below(1_000)),
    }
}

fn order(dice: &mut Dice) -> String {
    format!(
        r#"{{"order_id":{},"customer":{{"name":"Ada Lovelace","email":"ada{}@example.com","address":{{"street":"12 Example Street","city":"London","geo":[51.5{},-0.12{}]}}}},"items":[{{"sku":"A-{}","quantity":{},"price":{}.25}},{{"sku":"B-{}","quantity":1,"price":9.99}}],"paid":true,"coupon":null}}"#,
        dice.below(10_000_000),
        dice.below(100_000),
        dice.below(1_000),
        dice.below(1_000),
        dice.below(100_000),
        dice.below(10),
        dice.below(100),
        dice.below(100_000)
    )
}

fn row(name: &str, body: &[u8], repeats: u32) {
    if let Err(rejection) = Event::parse(body) {
        panic!("{name} is no valid event: {rejection}");
    }
    let (mut sha, mut parse, mut value) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let turns = turns();
    for turn in 0..turns {
        sha = sha.min(time(repeats, || {
            black_box(Sha256::digest(black_box(body)));
        }));
        parse = parse.min(time(repeats, || {
            let _ = black_box(Event::parse(black_box(body)));
        }));
        // Slow, and steady enough with fewer turns.
        if turn % 5 == 0 {
            value = value.min(time(repeats, || {
                let _ = black_box(serde_json::from_slice::<serde_json::Value>(black_box(body)));
            }));
        }
    }
    println!(
        "| {name} | {} | {} | {} | {:.2} | {} | {:.2} |",
        body.len(),
        micros(sha),
        micros(parse),
        sha.as_secs_f64() / parse.as_secs_f64(),
        micros(value),
        value.as_secs_f64() / parse.as_secs_f64()
    );
}

/// How often each of the three is measured: `--turns=1` shows that the benchmark still runs.
fn turns() -> usize {
    let given = std::env::args().find_map(|argument| Some(argument.strip_prefix("--turns=")?.to_owned()));
    given.map_or(TURNS, |turns| turns.parse().expect("--turns takes a number"))
}

fn time(repeats: u32, mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..repeats {
        work();
    }
    start.elapsed() / repeats
}

fn micros(duration: Duration) -> String {
    format!("{:.2} µs", duration.as_secs_f64() * 1e6)
}

/// `SplitMix64`: the same bodies in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }
}
