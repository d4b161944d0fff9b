//! What serde_json thinks of a body: a second reader of JSON that shares no code with the core.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Whether the body is JSON; `None` where serde_json's own limits (depth, numbers as doubles) keep it from saying.
pub fn is_json(body: &[u8]) -> Option<bool> {
    let Ok(text) = core::str::from_utf8(body) else { return Some(false) };
    // Skipping a value has no limits, but takes lone surrogates; reading it has, and does not.
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some(false);
    }
    match serde_json::from_str::<Read>(text) {
        Ok(Read) => Some(true),
        Err(error) => {
            let reason = error.to_string();
            let own_limit =
                ["number out of range", "recursion limit exceeded"].iter().any(|own| reason.starts_with(own));
            if own_limit { None } else { Some(false) }
        }
    }
}

/// A value that was read and forgotten. (`serde_json::Value` gives some member names a meaning of its own.)
struct Read;

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Read {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}
