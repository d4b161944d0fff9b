//! Hostile bodies cost linear or n·log n time. A body eight times as long may take somewhat over eight times as long (it
//! fits the processor's caches less well, too); with a quadratic step it takes sixty-four times. Processor time is
//! measured, and the best of many runs counts, so a busy machine only makes a test longer.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use pik_core::Event;
use pik_tests::split_mix::SplitMix;

const FULL: usize = 1_000_000;
const SHARE: usize = 8;
const LIMIT: f64 = 24.0;
const FEWEST_ROUNDS: usize = 3;
const MOST_ROUNDS: usize = 60;

/// How many times as long `work` takes on the full input as on a share of it, or less than [`LIMIT`] if that is sure.
fn growth<I>(share: &I, full: &I, work: impl Fn(&I)) -> f64 {
    let time = |input: &I| {
        let start = ThreadTime::now();
        work(black_box(input));
        start.elapsed()
    };
    let (mut best_share, mut best_full) = (Duration::MAX, Duration::MAX);
    let mut growth = f64::INFINITY;
    for round in 1..=MOST_ROUNDS {
        best_share = best_share.min(time(share));
        best_full = best_full.min(time(full));
        growth = best_full.as_secs_f64() / best_share.as_secs_f64();
        if round >= FEWEST_ROUNDS && growth < LIMIT {
            break;
        }
    }
    growth
}

/// A builder makes a body of about the number of bytes that it is given. `code` is the expected first code, or "" for an
/// accepted event.
fn stays_linear(name: &str, code: &str, build: impl Fn(usize) -> String) {
    let (share, full) = (build(FULL / SHARE), build(FULL));
    let size = full.len();
    assert!((FULL * 9 / 10..=1_048_576).contains(&size), "{name}: the body has {size} bytes");
    for body in [&share, &full] {
        let rejection = Event::parse(body.as_bytes()).err();
        let met = rejection.as_ref().map_or("", |rejection| rejection.problems()[0].code.as_str());
        assert_eq!(met, code, "{name}");
    }
    let growth = growth(&share, &full, |body| {
        black_box(Event::parse(body.as_bytes()).is_ok());
    });
    assert!(growth < LIMIT, "{name}: {SHARE} times the input takes {growth:.1} times the time");
}

fn with_payload(payload: &str) -> String {
    with_members(&format!(r#""payload":{payload}"#))
}

fn with_members(members: &str) -> String {
    format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z",{members}}}"#
    )
}

/// Pieces until they fill `size` bytes, with commas between them.
fn filled(size: usize, piece: impl FnMut(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 64);
    for piece in (0..).map(piece) {
        if text.len() + piece.len() > size {
            break;
        }
        text.push_str(&piece);
        text.push(',');
    }
    text.pop();
    text
}

fn object(size: usize, member: impl FnMut(usize) -> String) -> String {
    with_payload(&format!("{{{}}}", filled(size, member)))
}

/// A name that no other place has; places far apart may be neighbours in order.
fn scattered(place: usize) -> String {
    format!("{:08x}", (place as u32).wrapping_mul(0x9e37_79b1))
}

#[test]
fn levels() {
    let nested = |open: &str, close: &str, size: usize| {
        let levels = size / (open.len() + close.len());
        format!("{}0{}", open.repeat(levels), close.repeat(levels))
    };
    stays_linear("arrays", "too_deep", |size| with_payload(&nested("[", "]", size)));
    stays_linear("objects", "too_deep", |size| with_payload(&nested(r#"{"a":"#, "}", size)));
    stays_linear("open arrays", "invalid_json", |size| with_payload(&"[".repeat(size)));
    stays_linear("arrays that do not count", "unknown_field", |size| {
        with_members(&format!(r#""payload":0,"x":{}"#, nested("[", "]", size)))
    });
    stays_linear("128 levels again and again", "", |size| {
        with_payload(&format!("[{}]", filled(size, |_| nested("[", "]", 254))))
    });
    stays_linear("a level too many last", "too_deep", |size| {
        with_payload(&format!("[{},{}]", filled(size - 300, |_| nested("[", "]", 254)), nested("[", "]", 256)))
    });
}

#[test]
fn names_in_any_order() {
    stays_linear("ascending", "", |size| object(size, |place| format!(r#""{place:08}":0"#)));
    stays_linear("descending", "", |size| object(size, |place| format!(r#""{:08}":0"#, 99_999_999 - place)));
    stays_linear("scattered", "", |size| object(size, |place| format!(r#""{}":0"#, scattered(place))));
    stays_linear("escaped", "", |size| object(size, |place| format!(r#""\u0061{}":0"#, scattered(place))));
    stays_linear("a long prefix in common", "", |size| {
        let prefix = "p".repeat(200);
        object(size, |place| format!(r#""{prefix}{}":0"#, scattered(place)))
    });
    stays_linear("two long prefixes in common", "", |size| {
        let prefix = "p".repeat(200);
        object(size, |place| format!(r#""{}{prefix}{}":0"#, place % 2, scattered(place)))
    });
    stays_linear("each a prefix of the one before", "", |size| {
        // The names' lengths add up to half the square of their count.
        let count = (2 * size).isqrt();
        object(size, |place| format!(r#""{}":0"#, "a".repeat(count - place)))
    });
}

#[test]
fn objects_within_objects() {
    stays_linear("many small ones out of order", "", |size| {
        with_payload(&format!("[{}]", filled(size, |_| r#"{"b":{"d":1,"c":2},"a":0}"#.to_owned())))
    });
    stays_linear("many in one, all out of order", "", |size| {
        object(size, |place| format!(r#""{}":{{"b":{{"d":1,"c":2}},"a":0}}"#, scattered(place)))
    });
    stays_linear("120 levels, all out of order", "", |size| {
        let share = size / 120;
        let level =
            |inner: String| format!(r#"{{"z":{inner},{}}}"#, filled(share, |at| format!(r#""{}":0"#, scattered(at))));
        with_payload(&(0..120).fold("0".to_owned(), |inner, _| level(inner)))
    });
    stays_linear("120 levels, a fault innermost", "number_out_of_range", |size| {
        let share = size / 120;
        let level =
            |inner: String| format!(r#"{{{},"z":{inner}}}"#, filled(share, |at| format!(r#""{}":0"#, scattered(at))));
        with_payload(&(0..120).fold("1e1000001".to_owned(), |inner, _| level(inner)))
    });
}

#[test]
fn repeated_names() {
    stays_linear("one name", "duplicate_key", |size| object(size, |_| r#""a":0"#.to_owned()));
    stays_linear("one empty name", "duplicate_key", |size| object(size, |_| r#""":0"#.to_owned()));
    stays_linear("one long name", "duplicate_key", |size| {
        let name = "n".repeat(1_000);
        object(size, |_| format!(r#""{name}":0"#))
    });
    stays_linear("every name twice", "duplicate_key", |size| {
        object(size, |place| format!(r#""{}":0"#, scattered(place / 2)))
    });
    stays_linear("only the last", "duplicate_key", |size| {
        let members = filled(size - 20, |place| format!(r#""{}":0"#, scattered(place)));
        with_payload(&format!(r#"{{{members},"00000000":0}}"#))
    });
    stays_linear("one member of the event", "duplicate_key", |size| {
        with_members(&format!(r#""payload":0,{}"#, filled(size, |_| r#""source":[]"#.to_owned())))
    });
    stays_linear("the payload", "duplicate_key", |size| {
        with_members(&format!(r#""payload":0,{}"#, filled(size, |_| r#""payload":{"b":0,"a":0}"#.to_owned())))
    });
}

#[test]
fn unknown_members() {
    let unknown =
        |size, member: &dyn Fn(usize) -> String| with_members(&format!(r#""payload":0,{}"#, filled(size, member)));
    stays_linear("all different", "unknown_field", |size| {
        unknown(size, &|place| format!(r#""{}":0"#, scattered(place)))
    });
    stays_linear("all the same", "unknown_field", |size| unknown(size, &|_| r#""x":0"#.to_owned()));
    stays_linear("all escaped", "unknown_field", |size| {
        unknown(size, &|place| format!(r#""\u0061{}":0"#, scattered(place)))
    });
    stays_linear("with long names", "unknown_field", |size| {
        unknown(size, &|place| format!(r#""{}{}":0"#, "u".repeat(2_000), scattered(place)))
    });
    stays_linear("a hundred behind a long payload", "unknown_field", |size| {
        let last: String = (0..100).map(|place| format!(r#","u{place}":0"#)).collect();
        with_members(&format!(r#""payload":"{}"{last}"#, "\\n".repeat(size / 2)))
    });
}

#[test]
fn long_numbers() {
    stays_linear("digits", "", |size| with_payload(&"7".repeat(size)));
    stays_linear("zeros at the end", "", |size| with_payload(&format!("1{}", "0".repeat(size - 200))));
    stays_linear("digits behind the point", "", |size| with_payload(&format!("0.{}", "7".repeat(size))));
    stays_linear("zeros behind the point", "", |size| with_payload(&format!("0.{}1", "0".repeat(size - 200))));
    stays_linear("digits of the exponent", "number_out_of_range", |size| {
        with_payload(&format!("1e{}", "9".repeat(size)))
    });
    stays_linear("zeros of the exponent", "", |size| with_payload(&format!("1e-{}1", "0".repeat(size))));
    stays_linear("many short ones", "", |size| with_payload(&format!("[{}]", filled(size, |_| "-1.50e3".to_owned()))));
}

#[test]
fn strings() {
    stays_linear("plain", "", |size| with_payload(&format!(r#""{}""#, "a".repeat(size))));
    stays_linear("escapes", "", |size| with_payload(&format!(r#""{}""#, r"\u0000".repeat(size / 6))));
    stays_linear("pairs", "", |size| with_payload(&format!(r#""{}""#, r"\ud83d\ude00".repeat(size / 12))));
    stays_linear("backslashes", "", |size| with_payload(&format!(r#""{}""#, r"\\".repeat(size / 2))));
    stays_linear("a name of escapes", "", |size| with_payload(&format!(r#"{{"{}":0,"a":0}}"#, r"\n".repeat(size / 2))));
    stays_linear("an open string", "invalid_json", |size| with_payload(&format!(r#""{}"#, "a".repeat(size))));
    stays_linear("a lone surrogate last", "invalid_json", |size| {
        with_payload(&format!(r#""{}\ud800""#, r"\n".repeat(size / 2)))
    });
    stays_linear("a source of escapes", "too_long", |size| {
        with_members("\"payload\":0").replace("demo", &r"\u0061".repeat(size / 6))
    });
    stays_linear("an entity_id forbidden at its end", "forbidden_character", |size| {
        with_members("\"payload\":0").replace("user_123", &format!(r"{}\u0000", "é".repeat(size / 2)))
    });
    stays_linear("a time", "invalid_time", |size| {
        with_members("\"payload\":0").replace("2025-12-28", &"2025-12-28".repeat(size / 10))
    });
    stays_linear("a fraction", "time_too_precise", |size| {
        with_members("\"payload\":0").replace("59Z", &format!("59.{}Z", "0".repeat(size)))
    });
}

#[test]
fn white_space() {
    stays_linear("before", "", |size| format!("{}{}", "\n".repeat(size), with_payload("0")));
    stays_linear("after", "", |size| format!("{}{}", with_payload("0"), " ".repeat(size)));
    stays_linear("within", "", |size| with_payload(&format!("[{}]", "\n".repeat(size))));
    stays_linear("before the fault", "wrong_type", |size| {
        with_members("\"payload\":0").replace("\"demo\"", &format!("{}0", "\n".repeat(size)))
    });
}

/// Each problem's message tells a line and a column; a walk through the body for each would cost a hundred walks.
#[test]
fn a_hundred_problems_cost_little_more_than_one() {
    let body = |count: usize| -> String {
        let unknown: String = (0..count).map(|place| format!(r#","u{place}":0"#)).collect();
        with_members(&format!(r#""payload":"{}"{unknown}"#, "a".repeat(FULL)))
    };
    let growth = growth(&body(1), &body(100), |body| {
        black_box(Event::parse(body.as_bytes()).is_ok());
    });
    assert!(growth < LIMIT, "a hundred problems take {growth:.1} times as long as one");
}

/// The measure itself: a quadratic step must be noticed, n·log n must not be taken for one.
#[test]
fn the_measure_tells_quadratic_from_n_log_n() {
    let names = |count: usize| -> Vec<String> { (0..count).map(scattered).collect() };
    let all_differ_quadratically = |names: &Vec<String>| {
        let repeated = (1..names.len()).any(|place| names[..place].contains(&names[place]));
        assert!(!black_box(repeated));
    };
    let measured = growth(&names(150), &names(150 * SHARE), all_differ_quadratically);
    assert!(measured >= LIMIT, "quadratic work was measured to grow by {measured:.1}");

    let sorted = |numbers: &Vec<u64>| {
        let mut numbers = numbers.clone();
        numbers.sort_unstable();
        black_box(numbers);
    };
    let numbers = |count: usize| -> Vec<u64> {
        let mut random = SplitMix::new(1);
        (0..count).map(|_| random.bits()).collect()
    };
    let measured = growth(&numbers(20_000), &numbers(20_000 * SHARE), sorted);
    assert!(measured < LIMIT, "sorting was measured to grow by {measured:.1}");
}
