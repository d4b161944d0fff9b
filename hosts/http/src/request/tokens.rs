//! Bearer tokens (RFC 6750).

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::token_list::{Scope, Token, TokenList, TokenName};
use crate::{Allowance, Config};

/// The tokens that are accepted, as hashes: all are of one length, so comparing tells nothing of any token's.
pub(crate) struct Tokens {
    fixed: Vec<Token>,
    list: Option<TokenList>,
}

impl Tokens {
    pub(crate) fn new(config: &Config) -> Self {
        let fixed = config.tokens.iter().map(|token| Token::of_everything(token)).collect();
        Self { fixed, list: config.token_list.clone() }
    }

    /// The name of the token that a request carries, if it has one and the token is for this, and what it allows.
    pub(crate) fn admit(&self, headers: &HeaderMap, scope: Scope) -> Result<Option<Bearer>, Denied> {
        if self.fixed.is_empty() && self.list.is_none() {
            return Ok(None);
        }
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return Err(Denied::Missing) };
        let token = bearer(value.as_bytes()).ok_or(Denied::Missing)?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let listed = self.list.as_ref().map(TokenList::tokens).unwrap_or_default();
        // All of them, always: the time must not tell where the search would stop.
        let found = self
            .fixed
            .iter()
            .chain(listed.iter())
            .fold(None, |found, known| if bool::from(known.hash.ct_eq(&hash)) { Some(known) } else { found });
        let found = found.ok_or(Denied::Wrong)?;
        if !found.scopes.contains(&scope) {
            return Err(Denied::OtherScope(scope));
        }
        Ok(found.name.clone().map(|token| Bearer { token, allowance: found.allowance }))
    }
}

/// Who is let in by a token with a name.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) token: TokenName,
    pub(crate) allowance: Allowance,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Denied {
    Missing,
    Wrong,
    /// The token is known, and not for this.
    OtherScope(Scope),
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(b"bearer ".len())?;
    let token = rest.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}
