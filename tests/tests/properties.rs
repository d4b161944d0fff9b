//! What must hold of every event, however it is spelled and however it is broken.

use std::collections::BTreeMap;

use pik_core::{Event, EventTime, IngestTime, RawKey};
use pik_tests::event_value::{EventValue, FIRST_SECOND, Instant, LAST_SECOND};
use pik_tests::json::{Decimal, Json};
use pik_tests::spelling::Speller;
use pik_tests::split_mix::SplitMix;
use pik_tests::{opinion, random_event};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => prop::char::range('a', 'c'),
        2 => any::<char>(),
        1 => prop::char::range('\0', '\u{ff}'),
        1 => select(vec!['"', '\\', '/', '~', '\u{7f}', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}']),
    ]
}

fn text() -> impl Strategy<Value = String> {
    vec(character(), 0..8).prop_map(String::from_iter)
}

fn member_text() -> impl Strategy<Value = String> {
    let noncharacter = |character: char| {
        let code = u32::from(character);
        (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
    };
    let allowed = character().prop_filter("forbidden", move |other| !other.is_control() && !noncharacter(*other));
    vec(allowed, 1..20).prop_map(String::from_iter)
}

fn instant() -> impl Strategy<Value = Instant> {
    let seconds = prop_oneof![
        FIRST_SECOND..=LAST_SECOND,
        select(vec![FIRST_SECOND, LAST_SECOND, 0, -1, 1_483_228_800, 1_435_708_800, 1_435_708_799]),
    ];
    let nanoseconds = prop_oneof![Just(0), 0..1_000_000_000_u32, (0..1_000_u32).prop_map(|milli| milli * 1_000_000)];
    (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Instant { seconds, nanoseconds })
}

fn number() -> impl Strategy<Value = Decimal> {
    let point = prop_oneof![4 => -30..30_i64, 1 => -1_000..1_000_i64, 1 => select(vec![1_000_001, -999_999])];
    // The first digit is not zero, so the point at the limit stays there.
    (any::<bool>(), "[1-9][0-9]{0,29}", point)
        .prop_map(|(negative, digits, point)| Decimal::new(negative, &digits, point))
}

fn payload() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number().prop_map(Json::Number),
        Just(Json::Number(Decimal::new(false, "", 0))),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![vec(inner.clone(), 0..6).prop_map(Json::Array), vec((text(), inner), 0..6).prop_map(Json::object),]
    })
}

fn event() -> impl Strategy<Value = EventValue> {
    (member_text(), member_text(), member_text(), instant(), payload()).prop_map(
        |(source, event_type, entity_id, time, payload)| EventValue { source, event_type, entity_id, time, payload },
    )
}

/// The value with one small change somewhere.
fn nearby(value: &Json, random: &mut SplitMix) -> Json {
    match value {
        Json::Null => random_of(random, &[Json::Bool(false), Json::String(String::new()), Json::Array(Vec::new())]),
        Json::Bool(is) => random_of(random, &[Json::Bool(!is), Json::String(is.to_string()), Json::Null]),
        Json::Number(number) => {
            let (negative, digits, point) = (number.is_negative(), number.digits(), number.point());
            random_of(
                random,
                &[
                    Json::Number(Decimal::new(!negative, digits, point)),
                    Json::Number(Decimal::new(negative, &format!("{digits}1"), point)),
                    Json::Number(Decimal::new(negative, digits, point - point.signum())),
                    Json::Number(Decimal::new(negative, &digits[..digits.len().saturating_sub(1)], point)),
                    Json::String(digits.to_owned()),
                ],
            )
        }
        Json::String(text) => {
            let shorter: String = text.chars().skip(1).collect();
            let texts =
                [format!("{text} "), format!("\0{text}"), text.to_uppercase(), shorter, text.replace('\\', "/")];
            random_of(random, &texts.map(Json::String))
        }
        Json::Array(items) => {
            let mut items = items.clone();
            match random.below(4) {
                0 => items.push(Json::Null),
                1 => drop(items.pop()),
                2 => items.reverse(),
                _ if items.is_empty() => return Json::Object(Vec::new()),
                _ => {
                    let place = random.below(items.len());
                    items[place] = nearby(&items[place], random);
                }
            }
            Json::Array(items)
        }
        Json::Object(members) => {
            let mut members = members.clone();
            if members.is_empty() {
                return Json::object(vec![(String::new(), Json::Null)]);
            }
            let place = random.below(members.len());
            match random.below(3) {
                0 => members[place].0.push('\0'),
                1 => drop(members.remove(place)),
                _ => members[place].1 = nearby(&members[place].1, random),
            }
            Json::object(members)
        }
        Json::Text(_) => value.clone(),
    }
}

fn random_of(random: &mut SplitMix, choices: &[Json]) -> Json {
    choices[random.below(choices.len())].clone()
}

fn id(body: &str) -> String {
    Event::parse(body.as_bytes()).expect("a valid event").id().to_string()
}

fn is_well_formed(body: &[u8]) -> bool {
    match Event::parse(body) {
        Ok(_) => true,
        Err(rejection) => rejection.problems()[0].code.as_str() != "invalid_json",
    }
}

/// What holds of every answer, and serde_json's opinion of the body.
fn check_any(body: &[u8]) -> Result<(), TestCaseError> {
    if let Some(expected) = opinion::is_json(body) {
        prop_assert_eq!(is_well_formed(body), expected);
    }
    if let Err(rejection) = Event::parse(body) {
        let problems = rejection.problems();
        prop_assert!((1..=100).contains(&problems.len()));
        for problem in problems {
            prop_assert!(problem.path.len() <= 1_024);
            prop_assert!(problem.path.is_empty() || problem.path.starts_with('/'));
            prop_assert!(!problem.message.is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spelling_never_changes_the_event(event in event(), seeds in any::<[u64; 2]>()) {
        let plain = Speller::plain().event(&event);
        let (plain_event, plain_payload) = Event::parse_with_payload(plain.as_bytes()).expect("a valid event");
        for seed in seeds {
            let free = Speller::free(seed).event(&event);
            let (free_event, free_payload) = Event::parse_with_payload(free.as_bytes()).expect("a valid event");
            prop_assert_eq!(&free_payload, &plain_payload);
            prop_assert_eq!(free_event.payload_hash(), plain_event.payload_hash());
            prop_assert_eq!(free_event.id(), plain_event.id());
            prop_assert_eq!(free_event.event_time(), plain_event.event_time());
            prop_assert_eq!(free_event.source(), &event.source);
            prop_assert_eq!(free_event.event_type(), &event.event_type);
            prop_assert_eq!(free_event.entity_id(), &event.entity_id);
        }
    }

    #[test]
    fn a_small_change_changes_the_id(event in event(), seed in any::<u64>()) {
        let mut random = SplitMix::new(seed);
        let mut other = event.clone();
        match random.below(8) {
            0 => other.source.push('a'),
            1 => other.event_type.push('a'),
            2 => other.entity_id.push(' '),
            3 => other.time.nanoseconds ^= 1,
            // Characters that move from one member to the next must not cancel out.
            4 => {
                let moved = other.source.pop().into_iter().collect::<String>();
                prop_assume!(!other.source.is_empty());
                other.event_type.insert_str(0, &moved);
            }
            _ => other.payload = nearby(&event.payload, &mut random),
        }
        prop_assume!(other != event);
        let [one, two] = [&event, &other].map(|event| Speller::free(random.bits()).event(event));
        prop_assert_ne!(id(&one), id(&two));
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form(event in event(), seed in any::<u64>()) {
        let body = Speller::free(seed).event(&event);
        let (first, payload) = Event::parse_with_payload(body.as_bytes()).expect("a valid event");
        let again = EventValue { payload: Json::Text(payload.clone()), ..event };
        let body = Speller::free(!seed).event(&again);
        let (second, payload_again) = Event::parse_with_payload(body.as_bytes()).expect("a valid event");
        prop_assert_eq!(payload, payload_again);
        prop_assert_eq!(first.id(), second.id());
    }

    #[test]
    fn raw_bytes_are_a_replay(event in event(), seed in any::<u64>()) {
        let body = Speller::free(seed).event(&event);
        let parsed = Event::parse(body.as_bytes()).expect("a valid event");
        prop_assert_eq!(parsed.raw(), body.trim_matches([' ', '\n', '\r', '\t']).as_bytes());
        let replayed = Event::parse(parsed.raw()).expect("a replay");
        prop_assert_eq!(replayed.id(), parsed.id());
    }

    #[test]
    fn any_bytes_get_an_answer(body in vec(any::<u8>(), 0..60)) {
        check_any(&body)?;
    }

    #[test]
    fn any_tokens_get_an_answer(tokens in vec(select(TOKENS.to_vec()), 0..30), inside in any::<bool>()) {
        let tokens = tokens.concat();
        let body = if inside {
            let event = EventValue {
                source: "a".to_owned(),
                event_type: "b".to_owned(),
                entity_id: "c".to_owned(),
                time: Instant { seconds: 0, nanoseconds: 0 },
                payload: Json::Text(tokens),
            };
            Speller::plain().event(&event)
        } else {
            tokens
        };
        check_any(body.as_bytes())?;
    }

    #[test]
    fn any_damage_gets_an_answer(seed in any::<u64>(), index in any::<u64>()) {
        check_any(&random_event::body(seed, index))?;
    }

    #[test]
    fn any_changed_byte_gets_an_answer(event in event(), seed in any::<u64>(), places in vec((any::<u16>(), any::<u8>()), 1..4)) {
        let mut body = Speller::free(seed).event(&event).into_bytes();
        for (place, byte) in places {
            let place = usize::from(place) % body.len();
            body[place] = byte;
        }
        check_any(&body)?;
    }

    #[test]
    fn a_planted_fault_is_found_where_it_is(event in event(), seed in any::<u64>()) {
        let mut random = SplitMix::new(seed);
        let mut event = event;
        let mut path = vec!["payload".to_owned()];
        let code = plant(&mut event.payload, &mut path, &mut random);
        let body = Speller::free(random.bits()).event(&event);
        let rejection = Event::parse(body.as_bytes()).expect_err("a fault was planted");
        prop_assert_eq!(rejection.problems().len(), 1);
        let problem = &rejection.problems()[0];
        prop_assert_eq!(problem.code.as_str(), code);
        prop_assert_eq!(&problem.path, &pointer(&path));
        if let Some(at) = body.find(OUT_OF_RANGE) {
            let line = body[..at].matches('\n').count() + 1;
            let column = at - body[..at].rfind('\n').map_or(0, |newline| newline + 1) + 1;
            let place = format!("line {line}, column {column}");
            prop_assert!(problem.message.contains(&place), "{} is not at {place}", problem.message);
        }
    }

    #[test]
    fn each_of_many_problems_tells_its_place(seed in any::<u64>()) {
        let mut random = SplitMix::new(seed);
        let mut names = ["source", "event_type", "entity_id", "event_time", "payload", "x", "y", "z"];
        random.shuffle(&mut names);
        let mut body = "{".to_owned();
        let mut places = BTreeMap::new();
        for (index, name) in names.into_iter().enumerate() {
            let mut space = || random.pick(&["", " ", "\n", "\r\n\t", "\n\n  "]);
            body += [if index == 0 { "" } else { "," }, space()].concat().as_str();
            let name_at = body.len();
            body += &[&format!("\"{name}\""), space(), ":", space()].concat();
            let is_unknown = name.len() == 1;
            let at = if is_unknown { name_at } else { body.len() };
            let line_start = body[..at].rfind('\n').map_or(0, |newline| newline + 1);
            places.insert(format!("/{name}"), (body[..at].matches('\n').count() + 1, at - line_start + 1));
            body += &["1e1000001", space()].concat();
        }
        body.push('}');
        let rejection = Event::parse(body.as_bytes()).expect_err("every member is at fault");
        prop_assert_eq!(rejection.problems().len(), names.len());
        for problem in rejection.problems() {
            let (line, column) = places[&problem.path];
            let place = format!("line {line}, column {column}");
            prop_assert!(problem.message.contains(&place), "{} at {place}: {}", problem.path, problem.message);
        }
    }

    #[test]
    fn messages_quote_no_value(seed in any::<u64>()) {
        const SECRET: &str = "qzjx";
        let mut random = SplitMix::new(seed);
        let long = SECRET.repeat(300);
        let texts = ["qzjx\\u0000", "\\ud800qzjx", "qzjx\u{fffe}", &long, "qzjx\\x", "2025-12-28T23:59:59qzjx", "qzjx\n", "qzjx"];
        let mut text = || format!("\"{}\"", random.pick(&texts));
        let members = ["source", "event_type", "entity_id", "event_time"].map(|name| format!("\"{name}\":{}", text()));
        let payload = format!(r#""payload":[{},{{"a":{},"a":{}}}]"#, text(), text(), text());
        let body = format!("{{{},{payload},\"x\":{}}}", members.join(","), text());
        let rejection = Event::parse(body.as_bytes()).expect_err("an event of faults");
        for problem in rejection.problems() {
            prop_assert!(!problem.message.contains(SECRET), "{}", problem.message);
        }
    }

    #[test]
    fn every_spelling_of_an_instant_is_that_instant(instant in instant(), seed in any::<u64>()) {
        let text = Speller::free(seed).time(instant);
        let time: EventTime = text.parse().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(time.unix_seconds(), instant.seconds);
        prop_assert_eq!(time.subsecond_nanoseconds(), instant.nanoseconds);
        let canonical = time.canonical();
        prop_assert_eq!(canonical.parse::<EventTime>(), Ok(time));
        prop_assert!(canonical.ends_with('Z') && !canonical.ends_with("0Z") || canonical.len() == 20);
        prop_assert_eq!(&canonical[..10], &*time.date());
        prop_assert_eq!(&canonical[11..13], &*time.hour());
    }

    #[test]
    fn sort_keys_order_as_the_times_do(one in instant(), two in instant()) {
        let time = |instant: Instant| EventTime::from_unix(instant.seconds, instant.nanoseconds).expect("within the years");
        let (one, two) = (time(one), time(two));
        prop_assert_eq!(one.sort_key().as_str().cmp(two.sort_key().as_str()), one.cmp(&two));
    }

    #[test]
    fn another_library_reads_the_same_instant(instant in instant(), seed in any::<u64>(), damage in any::<Option<(u8, u8)>>()) {
        let mut text = Speller::free(seed).time(instant);
        if let Some((place, byte)) = damage {
            let place = usize::from(place) % text.len();
            let byte = b"0123456789-+:.,TZ"[usize::from(byte) % 17];
            text.replace_range(place..=place, &char::from(byte).to_string());
        }
        // Other libraries take a second of 60 for 59.
        prop_assume!(!text.contains("60"));
        if let (Ok(ours), Ok(theirs)) = (text.parse::<EventTime>(), text.parse::<jiff::Timestamp>()) {
            let nanoseconds = i128::from(ours.unix_seconds()) * 1_000_000_000 + i128::from(ours.subsecond_nanoseconds());
            prop_assert_eq!(nanoseconds, theirs.as_nanosecond(), "{}", text);
        }
    }

    #[test]
    fn the_lag_is_rounded_down(instant in instant(), ingest_ms in FIRST_SECOND * 1_000..=LAST_SECOND * 1_000) {
        let time = EventTime::from_unix(instant.seconds, instant.nanoseconds).expect("within the years");
        let ingest = IngestTime::from_unix_ms(ingest_ms).expect("within the years");
        let event_ns = i128::from(instant.seconds) * 1_000_000_000 + i128::from(instant.nanoseconds);
        let lag_ns = i128::from(ingest_ms) * 1_000_000 - event_ns;
        prop_assert_eq!(i128::from(ingest.lag_ms(&time)), lag_ns.div_euclid(1_000_000));
    }

    #[test]
    fn a_key_reads_back(event in event(), ingest_ms in 0..LAST_SECOND * 1_000) {
        let body = Speller::plain().event(&event);
        let parsed = Event::parse(body.as_bytes()).expect("a valid event");
        let ingest = IngestTime::from_unix_ms(ingest_ms).expect("within the years");
        let key = RawKey::new(&parsed, ingest);
        prop_assert!(key.as_str().len() <= 635);
        prop_assert!(key.as_str().split('/').all(|segment| segment.len() <= 255));
        prop_assert_eq!(key.as_str().split('/').count(), 7);
        let values: BTreeMap<&str, String> = key.as_str().split('/').filter_map(|segment| segment.split_once('=')).map(|(name, value)| (name, percent_decoded(value))).collect();
        prop_assert_eq!(&values["source"], &event.source);
        prop_assert_eq!(&values["event_type"], &event.event_type);
        prop_assert_eq!(&values["event_id"], &format!("{}.json", parsed.id()));
        prop_assert_eq!(&values["event_date"], &parsed.event_time().canonical()[..10]);
        prop_assert_eq!(&values["hour"], &parsed.event_time().canonical()[11..13]);
        prop_assert_eq!(&values["ingest_date"], &ingest.text()[..10]);
        prop_assert_eq!(key.as_str().parse::<RawKey>(), Ok(key.clone()));
    }
}

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\":",
    "\"a\"",
    "\\",
    "\\n",
    "\\u",
    "\\u0061",
    "\\ud83d",
    "\\ude00",
    "0",
    "-",
    "1",
    "01",
    ".",
    ".5",
    "e",
    "E+1",
    "1e9",
    "true",
    "fals",
    "null",
    " ",
    "\n",
    "\u{a0}",
    "\u{feff}",
    "é",
    "\0",
    "\u{1f}",
    "\"\"",
    "[1,2]",
    "{\"b\":1}",
    "/",
    "'",
];

const OUT_OF_RANGE: &str = "-7.7e1000777";

/// Puts a fault somewhere into a valid payload; `path` becomes its place.
fn plant(value: &mut Json, path: &mut Vec<String>, random: &mut SplitMix) -> &'static str {
    match value {
        Json::Array(items) if !items.is_empty() && !random.once_in(5) => {
            let place = random.below(items.len());
            path.push(place.to_string());
            plant(&mut items[place], path, random)
        }
        Json::Object(members) if !members.is_empty() && !random.once_in(5) => {
            let place = random.below(members.len());
            path.push(members[place].0.clone());
            if random.once_in(3) {
                let again = (members[place].0.clone(), Json::Array(Vec::new()));
                members.insert(random.below(members.len() + 1), again);
                return "duplicate_key";
            }
            plant(&mut members[place].1, path, random)
        }
        _ if random.once_in(2) => {
            *value = Json::Text(OUT_OF_RANGE.to_owned());
            "number_out_of_range"
        }
        _ => {
            // The value is on the level after its ancestors'; the container that is level 129 lies so much deeper.
            let missing = 129 - path.len();
            *value = Json::Text(format!("{}{}", "[".repeat(missing + 1), "]".repeat(missing + 1)));
            path.extend(std::iter::repeat_n("0".to_owned(), missing));
            "too_deep"
        }
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        out.push(u8::from_str_radix(&piece[..2], 16).expect("two hexadecimal digits"));
        out.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(out).expect("UTF-8")
}
