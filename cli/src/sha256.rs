//! SHA-256 as text.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The hash of bytes.
#[cfg(feature = "aws")]
pub(crate) fn of(bytes: &[u8]) -> String {
    text(Sha256::new_with_prefix(bytes))
}

/// A hash as text.
pub(crate) fn text(hash: Sha256) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("a String takes text");
    }
    text
}
