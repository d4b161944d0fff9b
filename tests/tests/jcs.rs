//! Canonical JSON against a published implementation of RFC 8785, on what I-JSON (RFC 7493) allows: where numbers are
//! doubles in a shortest form, the two must agree byte for byte.

use pik_core::Event;
use pik_tests::split_mix::SplitMix;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Number, Value};

/// The canonical form of a payload that is spelled like this.
fn canonical(payload: &str) -> String {
    let body = format!(
        r#"{{"source":"a","event_type":"b","entity_id":"c","event_time":"2025-12-28T23:59:59Z","payload":{payload}}}"#
    );
    let (_, canonical) = Event::parse_with_payload(body.as_bytes()).expect("a valid event");
    canonical
}

fn jcs(value: &Value) -> String {
    serde_json_canonicalizer::to_string(value).expect("a value of JSON")
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<i32>().prop_map(f64::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(|integer| integer as f64),
        (any::<i32>(), -30..30_i32).prop_map(|(digits, exponent)| f64::from(digits) * 10_f64.powi(exponent)),
        select(vec![
            0.0,
            -0.0,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            1e21,
            1e-7,
            1e-6,
            999_999_999_999_999_900_000.0,
            1e23,
            9.5e-7
        ]),
    ]
    .prop_filter("JSON has no infinities", |double| double.is_finite())
}

fn text() -> impl Strategy<Value = String> {
    let character =
        prop_oneof![any::<char>(), prop::char::range('\0', '\u{ff}'), prop::char::range('\u{d000}', '\u{10fff}')];
    vec(character, 0..6).prop_map(String::from_iter)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        double().prop_map(|double| Value::Number(Number::from_f64(double).expect("finite"))),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            vec((text(), inner), 0..8).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_agree(value in value()) {
        let expected = jcs(&value);
        // serde_json's own writing: another order of names, other escapes, other forms of the same shortest digits.
        prop_assert_eq!(&canonical(&value.to_string()), &expected);
        prop_assert_eq!(&canonical(&serde_json::to_string_pretty(&value).expect("a value of JSON")), &expected);
        prop_assert_eq!(&canonical(&expected), &expected);
    }

    #[test]
    fn numbers_agree_in_every_form_of_the_shortest_digits(double in double()) {
        let expected = jcs(&Value::Number(Number::from_f64(double).expect("finite")));
        for form in [format!("{double}"), format!("{double:?}"), format!("{double:e}"), format!("{double:E}")] {
            prop_assert_eq!(&canonical(&form), &expected, "{}", form);
        }
    }

    #[test]
    fn names_are_ordered_alike(common in text(), names in vec(text(), 0..60)) {
        let members = names.into_iter().map(|name| (format!("{common}{name}"), Value::Null));
        let value = Value::Object(Map::from_iter(members));
        prop_assert_eq!(canonical(&value.to_string()), jcs(&value));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn large_values_agree(values in vec(value(), 1..40), names in vec(text(), 1..40), seed in any::<u64>()) {
        let mut random = SplitMix::new(seed);
        let value = large(&values, &names, &mut random);
        let expected = jcs(&value);
        prop_assert_eq!(&canonical(&value.to_string()), &expected);
        prop_assert_eq!(&canonical(&serde_json::to_string_pretty(&value).expect("a value of JSON")), &expected);
    }
}

/// A hundred kilobytes or so: long arrays and objects of many members, made of the values and names given.
fn large(values: &[Value], names: &[String], random: &mut SplitMix) -> Value {
    let mut text_so_far = 0;
    let mut rows = Vec::new();
    while text_so_far < 100_000 && rows.len() < 2_000 {
        let member = |random: &mut SplitMix| {
            let name = format!("{}{}", names[random.below(names.len())], random.below(50));
            (name, values[random.below(values.len())].clone())
        };
        let row = match random.below(3) {
            0 => values[random.below(values.len())].clone(),
            1 => Value::Array(vec![Value::Object((0..random.below(4)).map(|_| member(random)).collect())]),
            _ => Value::Object((0..random.below(120)).map(|_| member(random)).collect()),
        };
        text_so_far += row.to_string().len();
        rows.push(row);
    }
    if random.once_in(2) {
        return Value::Array(rows);
    }
    let named =
        rows.into_iter().map(|row| (format!("{}{}", random.below(1_000), names[random.below(names.len())]), row));
    Value::Object(named.collect())
}

/// The contract's one deliberate difference: digits that a double cannot hold are kept.
#[test]
fn numbers_beyond_doubles_differ_on_purpose() {
    for (literal, exact, through_a_double) in [
        ("9007199254740993", "9007199254740993", "9007199254740992"),
        ("333333333.33333329", "333333333.33333329", "333333333.3333333"),
    ] {
        let double: f64 = literal.parse().expect("a number");
        assert_eq!(jcs(&Value::Number(Number::from_f64(double).expect("finite"))), through_a_double);
        assert_eq!(canonical(literal), exact);
    }
}
