//! Bearer tokens (RFC 6750).

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The tokens that are accepted, as hashes: all are of one length, so comparing tells nothing of any token's.
pub(crate) struct Tokens(Vec<[u8; 32]>);

impl Tokens {
    pub(crate) fn new(tokens: &[String]) -> Self {
        Self(tokens.iter().map(|token| Sha256::digest(token).into()).collect())
    }

    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Denied> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return Err(Denied::Missing) };
        let token = bearer(value.as_bytes()).ok_or(Denied::Missing)?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        // All of them, always: the time must not tell where the search would stop.
        let found = self.0.iter().fold(subtle::Choice::from(0), |found, known| found | known.ct_eq(&hash));
        if bool::from(found) { Ok(()) } else { Err(Denied::Wrong) }
    }
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Denied {
    Missing,
    Wrong,
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(b"bearer ".len())?;
    let token = rest.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}
