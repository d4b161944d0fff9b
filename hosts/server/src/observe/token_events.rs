//! Events by the token that let them in.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use pik_http::TokenName;
use prometheus::{IntCounterVec, Opts};

/// The most names that have a series of their own. The operator chose them, and may change them while the server runs.
const NAMES: usize = 100;

/// The label of all other names. No token is called so: a name has no brackets.
const OTHERS: &str = "(others)";

/// Counts events by the name of the token that let them in, and by outcome.
pub(super) struct TokenEvents {
    pub(super) counters: IntCounterVec,
    names: RwLock<HashSet<TokenName>>,
}

impl TokenEvents {
    pub(super) fn new() -> prometheus::Result<Self> {
        let help =
            "Events answered, dry runs too, by outcome and by the name of the token; names after the first 100 are one";
        let counters = IntCounterVec::new(Opts::new("pik_token_events_total", help), &["token", "status"])?;
        Ok(Self { counters, names: RwLock::default() })
    }

    pub(super) fn count(&self, token: &TokenName, status: &str, count: u64) {
        let label = if self.has_series(token) { token.as_str() } else { OTHERS };
        self.counters.with_label_values(&[label, status]).inc_by(count);
    }

    // Nothing in the critical sections panics.
    fn has_series(&self, token: &TokenName) -> bool {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        if names.contains(token) {
            return true;
        }
        if names.len() >= NAMES {
            return false;
        }
        drop(names);
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.contains(token) || (names.len() < NAMES && names.insert(token.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_are_bounded() {
        let events = TokenEvents::new().unwrap();
        for number in (0..150).chain(0..150) {
            events.count(&format!("shop-{number}").parse().unwrap(), "ACCEPTED", 2);
        }
        let of = |token: &str| events.counters.with_label_values(&[token, "ACCEPTED"]).get();
        assert_eq!([of("shop-0"), of("shop-99"), of(OTHERS)], [4, 4, 200]);
    }
}
