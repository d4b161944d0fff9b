//! Bodies from a seed, for suites that compare targets: valid events in free spelling, and every kind of fault.

use crate::event_value::{EventValue, FIRST_SECOND, Instant, LAST_SECOND};
use crate::json::{Decimal, Json};
use crate::spelling::Speller;
use crate::split_mix::SplitMix;

/// The body number `index` of a seed. About half keep the contract.
pub fn body(seed: u64, index: u64) -> Vec<u8> {
    let mut random = SplitMix::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ index);
    let event = event(&mut random);
    let mut speller = if random.once_in(4) { Speller::plain() } else { Speller::free(random.bits()) };
    let mut members = speller.members(&event);
    let faults = if random.once_in(2) { 0 } else { 1 + random.below(3) };
    let (of_members, of_text) = if random.once_in(3) { (0, faults) } else { (faults, 0) };
    for _ in 0..of_members {
        spoil_members(&mut random, &mut members);
    }
    let mut body = speller.value(&Json::Object(members)).into_bytes();
    for _ in 0..of_text {
        spoil_text(&mut random, &mut body);
    }
    body
}

/// A valid event.
pub fn event(random: &mut SplitMix) -> EventValue {
    EventValue {
        source: partition(random),
        event_type: partition(random),
        entity_id: member_text(random, 1_024),
        time: instant(random),
        payload: json(random, 0),
    }
}

fn partition(random: &mut SplitMix) -> String {
    if random.once_in(50) {
        return "__HIVE_DEFAULT_PARTITION__".to_owned();
    }
    // Four bytes of a character are the most that any takes as written in a key.
    member_text(random, 60 * 4)
}

fn member_text(random: &mut SplitMix, most_bytes: usize) -> String {
    let length = if random.once_in(60) { most_bytes / 4 } else { 1 + random.below(12) };
    let allowed = |character: &char| !character.is_control() && !is_noncharacter(*character);
    let mut text = String::new();
    while text.chars().count() < length {
        text.extend(Some(character(random)).filter(allowed));
    }
    text
}

fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

fn character(random: &mut SplitMix) -> char {
    const EDGES: &[char] = &[
        '\0',
        '\u{1f}',
        '\u{7f}',
        '\u{80}',
        '\u{9f}',
        '\u{a0}',
        '\u{7ff}',
        '\u{800}',
        '\u{2028}',
        '\u{d7ff}',
        '\u{e000}',
        '\u{fdcf}',
        '\u{fdf0}',
        '\u{feff}',
        '\u{fffd}',
        '\u{ffff}',
        '\u{10000}',
        '\u{1f600}',
        '\u{10ffff}',
    ];
    match random.below(12) {
        0 => EDGES[random.below(EDGES.len())],
        1 => char::from(random.below(0x20) as u8),
        2 => ['"', '\\', '/', '~', '%', '{', '}', '[', ']', ':', ',', '='][random.below(12)],
        3 => char::from_u32(random.between(0xa0, 0x2fff) as u32).unwrap_or('a'),
        4 => char::from_u32(random.between(0x1_0000, 0x10_ffff) as u32).unwrap_or('b'),
        5 => char::from_u32(random.between(0xe000, 0xffff) as u32).unwrap_or('c'),
        _ => char::from(b' ' + random.below(95) as u8),
    }
}

fn text(random: &mut SplitMix) -> String {
    let length = if random.once_in(30) { 400 } else { random.below(10) };
    (0..length).map(|_| character(random)).collect()
}

fn name(random: &mut SplitMix) -> String {
    const NAMES: &[&str] = &["a", "b", "ab", "id", "source", "payload", "__proto__", "toJSON", "1", "10", "9", ""];
    if random.once_in(2) { random.pick(NAMES).to_owned() } else { text(random) }
}

fn instant(random: &mut SplitMix) -> Instant {
    let seconds = match random.below(8) {
        0 => random.between(FIRST_SECOND, FIRST_SECOND + 90_000),
        1 => random.between(LAST_SECOND - 90_000, LAST_SECOND),
        // The first second of 2017 and of July 2015, and one beside each: a leap second may be written.
        2 => [1_483_228_800, 1_435_708_800][random.below(2)] + random.between(-1, 1),
        3 => random.between(FIRST_SECOND, LAST_SECOND),
        _ => random.between(1_500_000_000, 1_900_000_000),
    };
    let nanoseconds = match random.below(4) {
        0 => 0,
        1 => random.below(1_000) as u32 * 1_000_000,
        2 => random.below(1_000_000) as u32 * 1_000,
        _ => random.below(1_000_000_000) as u32,
    };
    Instant { seconds, nanoseconds }
}

fn number(random: &mut SplitMix) -> Decimal {
    let negative = random.once_in(3);
    let length = if random.once_in(40) { 60 } else { 1 + random.below(24) };
    let mut digits = String::new();
    for _ in 0..length {
        digits.push(char::from(b'0' + random.below(10) as u8));
    }
    let point = match random.below(8) {
        0 => [1_000_001, -999_999, 21, 22, -5, -6, 0][random.below(7)],
        1 => random.between(-400, 400),
        2 => random.between(-12, 30),
        _ => digits.len() as i64,
    };
    // The zeros that are trimmed from the front must not push a point at the limit over it.
    let digits = if digits.starts_with('0') && point.abs() > 400 { "7" } else { &digits };
    Decimal::new(negative, digits, point)
}

fn json(random: &mut SplitMix, level: usize) -> Json {
    if level == 0 && random.once_in(60) {
        return nested(random, 128);
    }
    let kinds = if level < 5 { 9 } else { 6 };
    match random.below(kinds) {
        0 => Json::Null,
        1 => Json::Bool(random.once_in(2)),
        2 | 3 => Json::Number(number(random)),
        4 | 5 => Json::String(text(random)),
        6 => Json::Array((0..random.below(5)).map(|_| json(random, level + 1)).collect()),
        _ => {
            let count = if random.once_in(30) { 60 } else { random.below(7) };
            Json::object((0..count).map(|_| (name(random), json(random, level + 2))).collect())
        }
    }
}

/// `levels` levels of arrays and objects.
fn nested(random: &mut SplitMix, levels: usize) -> Json {
    let mut value = Json::Array(Vec::new());
    for _ in 1..levels {
        value = if random.once_in(2) {
            Json::Array(vec![value])
        } else {
            Json::Object(vec![(random.pick(&["a", "k~", "/"]).to_owned(), value)])
        };
    }
    value
}

fn spoil_members(random: &mut SplitMix, members: &mut Vec<(String, Json)>) {
    let place = random.below(members.len().max(1));
    match random.below(9) {
        0 if !members.is_empty() => {
            members.remove(place);
        }
        1 if !members.is_empty() => {
            let again = members[place].clone();
            members.push(again);
        }
        2 => {
            let count = if random.once_in(100) { 120 } else { 1 + random.below(3) };
            members.extend((0..count).map(|_| (name(random), json(random, 3))));
        }
        3 if !members.is_empty() => members[place].1 = json(random, 3),
        4 => {
            let texts = ["", "\0", "a\u{85}", "\u{fffe}", "a\u{10ffff}", "2025-12-28T23:59:59", "yesterday"];
            set(
                members,
                random.pick(&["source", "event_type", "entity_id"]),
                Json::String(random.pick(&texts).to_owned()),
            );
        }
        5 => {
            let length = [80, 81, 240, 241, 1_024, 1_025][random.below(6)];
            let character = random.pick(&["a", "/", "é", "€", "😀"]);
            let value = Json::String(character.repeat(length));
            set(members, random.pick(&["source", "event_type", "entity_id"]), value);
        }
        6 => set(members, "event_time", Json::String(wrong_time(random))),
        _ => {
            if let Some((_, payload)) = members.iter_mut().find(|(name, _)| name == "payload") {
                spoil_payload(random, payload);
            }
        }
    }
}

fn set(members: &mut [(String, Json)], wanted: &str, value: Json) {
    if let Some((_, old)) = members.iter_mut().find(|(name, _)| name == wanted) {
        *old = value;
    }
}

/// A time with one byte replaced, left out or put in (some of them are times), or one at a limit.
fn wrong_time(random: &mut SplitMix) -> String {
    const LIMITS: &[&str] = &[
        "0000-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2025-02-29T00:00:00Z",
        "2025-12-28T23:59:59.1234567890Z",
        "20251228T235959,0000000000",
        "2025-12-28T24:00:00Z",
    ];
    if random.once_in(4) {
        return random.pick(LIMITS).to_owned();
    }
    let mut time = Speller::free(random.bits()).time(instant(random)).into_bytes();
    let place = random.below(time.len());
    let byte = b"0123456789-+:.,TZtz 69"[random.below(22)];
    match random.below(4) {
        0 => time.truncate(place),
        1 => time.insert(place, byte),
        2 => {
            time.remove(place);
        }
        _ => time[place] = byte,
    }
    String::from_utf8_lossy(&time).into_owned()
}

/// Plants something at a place of the payload that is drawn on the way down.
fn spoil_payload(random: &mut SplitMix, value: &mut Json) {
    match value {
        Json::Array(items) if !items.is_empty() && !random.once_in(4) => {
            let place = random.below(items.len());
            spoil_payload(random, &mut items[place]);
        }
        Json::Object(members) if !members.is_empty() && !random.once_in(4) => {
            let place = random.below(members.len());
            if random.once_in(3) {
                let again = (members[place].0.clone(), Json::Null);
                members.push(again);
            } else {
                spoil_payload(random, &mut members[place].1);
            }
        }
        _ => {
            *value = match random.below(5) {
                0 => Json::Text(
                    random.pick(&["1e1000001", "-0.1e-1000000", "10e1000000", "1e-99999999999999999999"]).to_owned(),
                ),
                1 => Json::Text(random.pick(&["\"\\ud800\"", "\"\\udc00\\ud800\"", "{\"\\udbff\":1}"]).to_owned()),
                2 => nested(random, 129),
                3 => nested(random, 127),
                _ => Json::Text(
                    random
                        .pick(&["01", "+1", ".5", "1.", "nul", "'a'", "\"\t\"", "\"\\x\"", "[1,]", "{,}", ""])
                        .to_owned(),
                ),
            }
        }
    }
}

fn spoil_text(random: &mut SplitMix, body: &mut Vec<u8>) {
    const TOKENS: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "0", "-", "e", ".", "null", " ", "\n", "\u{feff}",
        "\u{a0}",
    ];
    let place = random.below(body.len() + 1);
    let byte = body.get(place).copied().unwrap_or(b'x');
    match random.below(7) {
        0 => body.truncate(place),
        1 => body.splice(place..place, random.pick(TOKENS).bytes()).for_each(drop),
        2 => body.splice(place..(place + 1).min(body.len()), random.pick(TOKENS).bytes()).for_each(drop),
        3 => body.insert(place, byte ^ (1 << random.below(8))),
        4 if random.once_in(2) => {
            body.splice(0..0, *b"[");
            body.push(b']');
        }
        4 | 5 => body.splice(0..0, random.pick(&["\u{feff}", " ", "x", "["]).bytes()).for_each(drop),
        _ => body.extend_from_slice(random.pick(&["x", "{}", ",", "\n", "\0", "]"]).as_bytes()),
    }
}
