//! What tells one handling of a request from every other.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The longest request id taken from a client.
pub const MAX_REQUEST_ID_BYTES: usize = 128;

/// Names one attempt to ingest one event: the request id, a nonce of the host and the place in the batch.
///
/// A claim or commit whose answer was lost is recognised by its receipt when the store's client sends it again. The
/// request id alone would not do: clients and proxies repeat it, and two attempts that shared a receipt would
/// both be answered ACCEPTED, or leave one DUPLICATE record for two occurrences.
///
/// ```
/// use pik_core::Receipt;
///
/// let receipt = Receipt::new("req-7", 0x2a, 3);
/// assert_eq!(receipt.as_str(), "req-7.000000000000002a.3");
/// assert_eq!(receipt.request_id(), "req-7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipt(String);

impl Receipt {
    /// A receipt for the event at `index` of a request. The nonce must be random for each attempt.
    pub fn new(request_id: &str, nonce: u64, index: usize) -> Self {
        Self(format!("{request_id}.{nonce:016x}.{index}"))
    }

    /// A receipt read back from a store.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The receipt as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The request it belongs to, as `x-request-id` and the logs have it.
    pub fn request_id(&self) -> &str {
        self.0.rsplitn(3, '.').nth(2).unwrap_or(&self.0)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a client's `x-request-id` is taken: 1 to 128 printable ASCII characters, no space, quote or backslash.
///
/// ```
/// assert!(pik_core::is_request_id("Root=1-67891233-abcdef012345678912345678"));
/// assert!(!pik_core::is_request_id("two words"));
/// ```
pub fn is_request_id(text: &str) -> bool {
    let printable = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=MAX_REQUEST_ID_BYTES).contains(&text.len()) && text.bytes().all(printable)
}
