//! Hashes: the two of the contract (`docs/contract.md`, section 4), which name a payload and an event, and those of what is
//! refused.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::EventTime;

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseHashError;

impl fmt::Display for ParseHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a hash: write 64 lower-case hexadecimal digits")
    }
}

impl core::error::Error for ParseHashError {}

fn write_hex(bytes: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    hex
}

fn text(hex: &[u8; 64]) -> &str {
    core::str::from_utf8(hex).expect("hexadecimal digits are ASCII")
}

fn read_hex(text: &str) -> Result<[u8; 32], ParseHashError> {
    let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| ParseHashError)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Ok(bytes)
}

// Upper case is refused: one event has one id, so one spelling.
fn hex_digit(digit: u8) -> Result<u8, ParseHashError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(ParseHashError),
    }
}

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The 32 bytes of a hash computed before.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The 64 lower-case hexadecimal digits, as ASCII.
            pub fn hex(&self) -> [u8; 64] {
                write_hex(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(text(&self.hex()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                read_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(text(&self.hex()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

hash_type! {
    /// SHA-256 of the payload's canonical form.
    PayloadHash
}

hash_type! {
    /// What makes two events one: SHA-256 over source, type, entity, time and payload hash.
    ///
    /// ```
    /// use pik_core::EventId;
    ///
    /// let id: EventId = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec".parse()?;
    /// assert_eq!(id.as_bytes()[0], 0x59);
    /// assert!("59A3".parse::<EventId>().is_err());
    /// # Ok::<(), pik_core::ParseHashError>(())
    /// ```
    EventId
}

hash_type! {
    /// SHA-256 of the bytes of a refused event or body, as they were received.
    BodyHash
}

hash_type! {
    /// What makes two refused bodies one: SHA-256 over their bytes' hash and their codes.
    RejectionKey
}

/// The text that is hashed for an event's id: five members in canonical order.
pub(crate) fn id_preimage(
    source: &str,
    event_type: &str,
    entity_id: &str,
    event_time: &EventTime,
    payload_hash: &PayloadHash,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(source.len() + event_type.len() + entity_id.len() + 64 + 128);
    text.extend_from_slice(b"{\"entity_id\":");
    crate::canonical::write_string(entity_id, &mut text);
    text.extend_from_slice(b",\"event_time\":\"");
    text.extend_from_slice(event_time.canonical().as_bytes());
    text.extend_from_slice(b"\",\"event_type\":");
    crate::canonical::write_string(event_type, &mut text);
    text.extend_from_slice(b",\"payload_hash\":\"");
    text.extend_from_slice(&payload_hash.hex());
    text.extend_from_slice(b"\",\"source\":");
    crate::canonical::write_string(source, &mut text);
    text.push(b'}');
    text
}

impl EventId {
    /// The id of an event whose parts are known, for checking a record without its payload.
    ///
    /// ```
    /// use pik_core::{Event, EventId};
    ///
    /// let event = Event::parse(br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
    ///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#).unwrap();
    /// let id = EventId::of("demo", "heartbeat", "user_123", event.event_time(), event.payload_hash());
    /// assert_eq!(id, *event.id());
    /// ```
    pub fn of(
        source: &str,
        event_type: &str,
        entity_id: &str,
        event_time: &EventTime,
        payload_hash: &PayloadHash,
    ) -> Self {
        let text = id_preimage(source, event_type, entity_id, event_time, payload_hash);
        Self(Sha256::digest(&text).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_in_no_other_spelling() {
        let id = EventId::from_bytes(core::array::from_fn(|at| (at * 8 + at / 4) as u8));
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(EventId::from_bytes([0xaf; 32]).to_string(), "af".repeat(32));
        for wrong in [text.to_uppercase(), text[1..].to_owned(), text.clone() + "0", text.replace('a', "g")] {
            let error = wrong.parse::<EventId>().unwrap_err();
            assert_eq!(error.to_string(), "not a hash: write 64 lower-case hexadecimal digits", "{wrong}");
        }
    }
}
