//! What indexes lead to.

use pik_core::Outcome;

/// What decides a record's place in a query's order.
pub(crate) type Place = Vec<i64>;

/// First and later occurrences as indexes have them.
pub(crate) const FIRST: i64 = 0;
pub(crate) const LATER: i64 = 1;

/// An occurrence that an index leads to.
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) kind: i64,
    pub(crate) seq: i64,
    /// Whether it is of a stream that is asked for.
    pub(crate) fits: bool,
}

/// The kinds of a status.
pub(crate) fn kinds(status: Option<Outcome>) -> &'static [i64] {
    match status {
        None => &[FIRST, LATER],
        Some(Outcome::Accepted) => &[FIRST],
        Some(Outcome::Duplicate) => &[LATER],
    }
}
