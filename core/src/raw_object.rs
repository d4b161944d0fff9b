//! The bytes of a raw object on their way out of a store.

use bytes::Bytes;

use crate::{Event, EventId, StoreError};

/// The bytes of a raw object that were checked: they hash to the id they are stored under (contract, section 4, in
/// `docs/contract.md`).
///
/// There is no other way to make one, so no store can forget the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObject(Bytes);

impl RawObject {
    /// Hashes bytes that a store read. Bytes that are not the event of this id are a fault of the store, and the error names
    /// the object as `name` does.
    ///
    /// ```
    /// use pik_core::{Event, RawObject};
    ///
    /// let raw = br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
    ///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#;
    /// let id = *Event::parse(raw).unwrap().id();
    /// assert!(RawObject::checked(&id, raw[..].into(), || "row 7").is_ok());
    ///
    /// let damaged = String::from_utf8_lossy(raw).replace("10", "90");
    /// let error = RawObject::checked(&id, damaged.into(), || "row 7").unwrap_err();
    /// assert_eq!(error.code(), "internal");
    /// assert!(error.reason().contains("row 7"));
    /// ```
    pub fn checked<N: core::fmt::Display>(
        id: &EventId,
        bytes: Bytes,
        name: impl FnOnce() -> N,
    ) -> Result<Self, StoreError> {
        match fault(&bytes, id) {
            None => Ok(Self(bytes)),
            Some(fault) => {
                let name = name();
                Err(StoreError::Internal(format!("the raw object {name} is damaged: {fault}; run `pik verify`")))
            }
        }
    }

    /// The event as it was received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The event as it was received.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Why the bytes are not the raw object of this event.
pub(crate) fn fault(raw: &[u8], id: &EventId) -> Option<String> {
    match Event::parse(raw) {
        Ok(event) if event.id() != id => Some(format!("it is the event {}", event.id())),
        Ok(event) if event.raw().len() != raw.len() => Some("it has white space around the event".to_owned()),
        Ok(_) => None,
        Err(_) => Some("it is not an event".to_owned()),
    }
}
