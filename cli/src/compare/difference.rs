//! How two events differ.

use std::collections::BTreeMap;
use std::fmt;

use pik_core::Event;
use serde::Serialize;
use serde_json::value::RawValue;

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The same number to a float, with other digits: something read and wrote it as one.
    NumberRounded,
    /// A number here is a text there, or the reverse, with the same digits.
    NumberQuoted,
    /// The file alone has it.
    OnlyInFile,
    /// The store alone has it.
    OnlyInStore,
    /// Another value.
    Value,
}

/// One difference, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Difference {
    change: Change,
    /// A JSON Pointer into the event; places in arrays are `*`, so that alike differences count as one.
    path: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change, path } = self;
        match change {
            Change::NumberRounded => write!(f, "{path}: the same number to a float, with other digits"),
            Change::NumberQuoted => write!(f, "{path}: a number on one side, a text on the other"),
            Change::OnlyInFile => write!(f, "{path}: the file alone has it"),
            Change::OnlyInStore => write!(f, "{path}: the store alone has it"),
            Change::Value => write!(f, "{path}: another value"),
        }
    }
}

/// How the file's event differs from the store's; `None` when one of them is no event.
pub(super) fn differences(file: &[u8], store: &[u8]) -> Option<Vec<Difference>> {
    // In canonical form what is equal is written alike.
    let (file, here) = Event::parse_with_payload(file).ok()?;
    let (store, there) = Event::parse_with_payload(store).ok()?;
    let mut found = Vec::new();
    if file.event_time() != store.event_time() {
        found.push(Difference { change: Change::Value, path: "/event_time".to_owned() });
    }
    compare(serde_json::from_str(&here).ok()?, serde_json::from_str(&there).ok()?, "/payload", &mut found).ok()?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}

// An event is at most 128 levels deep, so this is too.
fn compare(file: &RawValue, store: &RawValue, path: &str, found: &mut Vec<Difference>) -> serde_json::Result<()> {
    let (one, other) = (file.get(), store.get());
    if one == other {
        return Ok(());
    }
    match (one.as_bytes().first(), other.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            let file: BTreeMap<String, &RawValue> = serde_json::from_str(one)?;
            let mut store: BTreeMap<String, &RawValue> = serde_json::from_str(other)?;
            for (name, value) in file {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                match store.remove(&name) {
                    Some(theirs) => compare(value, theirs, &path, found)?,
                    None => found.push(Difference { change: Change::OnlyInFile, path }),
                }
            }
            found.extend(store.into_keys().map(|name| {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                Difference { change: Change::OnlyInStore, path }
            }));
        }
        (Some(b'['), Some(b'[')) => {
            let (file, store): (Vec<&RawValue>, Vec<&RawValue>) =
                (serde_json::from_str(one)?, serde_json::from_str(other)?);
            let path = format!("{path}/*");
            for (value, theirs) in file.iter().zip(&store) {
                compare(value, theirs, &path, found)?;
            }
            match file.len().cmp(&store.len()) {
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => found.push(Difference { change: Change::OnlyInFile, path }),
                std::cmp::Ordering::Less => found.push(Difference { change: Change::OnlyInStore, path }),
            }
        }
        _ => found.push(Difference { change: of_values(one, other), path: path.to_owned() }),
    }
    Ok(())
}

/// How two values differ of which at most one is an object or an array.
fn of_values(one: &str, other: &str) -> Change {
    let is_number = |value: &str| value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let quotes = |text: &str, number: &str| {
        is_number(number) && text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) == Some(number)
    };
    if quotes(one, other) || quotes(other, one) {
        return Change::NumberQuoted;
    }
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) if one == other => Change::NumberRounded,
        _ => Change::Value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &str, store: &str) -> Vec<String> {
        let body = |payload: &str| {
            format!(
                r#"{{"source":"s","event_type":"t","entity_id":"e","event_time":"2025-12-28T00:00:00Z","payload":{payload}}}"#
            )
        };
        let found = differences(body(file).as_bytes(), body(store).as_bytes()).unwrap();
        found.iter().map(|Difference { change, path }| format!("{change:?} {path}")).collect()
    }

    #[test]
    fn each_kind_is_told_with_its_place() {
        assert_eq!(told(r#"{"a":1,"b":[1,2.0]}"#, r#"{ "b": [1.0, 2], "a": 1e0 }"#), [""; 0]);
        assert_eq!(told("333333333.33333329", "333333333.3333333"), ["NumberRounded /payload"]);
        assert_eq!(
            told(r#"{"n":12345678901234567890}"#, r#"{"n":12345678901234567000}"#),
            ["NumberRounded /payload/n"]
        );
        assert_eq!(told(r#"{"n":17}"#, r#"{"n":"17"}"#), ["NumberQuoted /payload/n"]);
        assert_eq!(told(r#"{"n":"17"}"#, r#"{"n":18}"#), ["Value /payload/n"]);
        assert_eq!(
            told(r#"{"a/b":1,"c":{"d":2}}"#, r#"{"c":{"d":2,"~":null}}"#),
            ["OnlyInFile /payload/a~1b", "OnlyInStore /payload/c/~0"]
        );
        assert_eq!(told(r#"{"l":[1,2,3]}"#, r#"{"l":[1,7,9]}"#), ["Value /payload/l/*"]);
        assert_eq!(told(r#"{"l":[1]}"#, r#"{"l":[1,7]}"#), ["OnlyInStore /payload/l/*"]);
        assert_eq!(told(r#""\u0041""#, r#""A""#), [""; 0]);
        assert_eq!(told("null", "false"), ["Value /payload"]);
    }
}
