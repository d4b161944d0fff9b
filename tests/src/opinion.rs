//! What serde_json thinks of a body: a second reader of JSON that shares no code with the core.

use serde::de::IgnoredAny;

/// Whether the body is JSON; `None` where serde_json's own limits (depth, numbers as doubles) keep it from saying.
pub fn is_json(body: &[u8]) -> Option<bool> {
    // Skipping a value does not look at its UTF-8 and takes lone surrogates; building one does both.
    let Ok(text) = core::str::from_utf8(body) else { return Some(false) };
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some(false);
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Some(true),
        Err(error) => {
            let reason = error.to_string();
            let own_limit =
                ["number out of range", "recursion limit exceeded"].iter().any(|own| reason.starts_with(own));
            if own_limit { None } else { Some(false) }
        }
    }
}
