//! Tokens with names, each for what its bearer may do.
//!
//! One token a line: `NAME SCOPE[,SCOPE] SHA256`, where SHA256 is the hash of the token in 64 hexadecimal digits, and then
//! `events_per_second=N` and `bytes_per_second=N` where there are limits. Empty lines and those that begin with `#` say nothing.

use core::fmt;
use core::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};

use crate::Allowance;

const MAX_NAME_BYTES: usize = 64;

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Ask for events and counts.
    Read,
    /// Read `/metrics`.
    Metrics,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Metrics];

    /// The scope as lists have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Metrics => "metrics",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScope;

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope is `ingest`, `read` or `metrics`")
    }
}

impl core::error::Error for UnknownScope {}

/// What a token is called in logs. Not the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenName(Arc<str>);

impl TokenName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = TokenNameError;

    fn from_str(text: &str) -> Result<Self, TokenNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if text.is_empty() || text.len() > MAX_NAME_BYTES || !text.bytes().all(allowed) {
            return Err(TokenNameError);
        }
        Ok(Self(text.into()))
    }
}

/// A text that cannot be a token's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenNameError;

impl fmt::Display for TokenNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token's name has 1 to {MAX_NAME_BYTES} letters, digits, `-`, `.` and `_`")
    }
}

impl core::error::Error for TokenNameError {}

/// A token that is known by its hash.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) name: Option<TokenName>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) hash: [u8; 32],
    pub(crate) allowance: Allowance,
}

impl Token {
    /// Without a name, for everything.
    pub(crate) fn of_everything(token: &str) -> Self {
        Self {
            name: None,
            scopes: Scope::ALL.to_vec(),
            hash: Sha256::digest(token).into(),
            allowance: Allowance::default(),
        }
    }
}

/// The tokens that are let in. Clones share the list, so a host can replace it while it serves.
///
/// ```
/// use pik_http::TokenList;
///
/// let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// let shop = format!("shop-7 ingest {hash} events_per_second=500");
/// let list = TokenList::read(&format!("# shops\n{shop}\ndashboard read,metrics {hash}\n"))?;
/// assert_eq!(list.len(), 2);
/// assert_eq!(TokenList::read("shop-7 write").unwrap_err().line, 1);
/// # Ok::<(), pik_http::TokenListError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TokenList(Arc<RwLock<Arc<[Token]>>>);

impl TokenList {
    /// Reads a list.
    pub fn read(text: &str) -> Result<Self, TokenListError> {
        let mut tokens: Vec<Token> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let token = token(text).map_err(|fault| TokenListError { line, fault })?;
            if tokens.iter().any(|known| known.name == token.name) {
                return Err(TokenListError { line, fault: TokenFault::NameTwice });
            }
            tokens.push(token);
        }
        Ok(Self(Arc::new(RwLock::new(tokens.into()))))
    }

    /// The line that lets the bearers of a token in.
    pub fn line(name: &TokenName, scopes: &[Scope], allowance: &Allowance, token: &str) -> String {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {} {hash}{allowance}\n", name.as_str(), scopes.join(","))
    }

    /// Whether a token has this name.
    pub fn has(&self, name: &TokenName) -> bool {
        self.tokens().iter().any(|token| token.name.as_ref() == Some(name))
    }

    /// From now on, these tokens and no others.
    pub fn replace(&self, by: &Self) {
        let tokens = by.tokens();
        // The critical sections only move a pointer, so no panic leaves half a list.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens().len()
    }

    /// Whether nobody is let in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn tokens(&self) -> Arc<[Token]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn token(line: &str) -> Result<Token, TokenFault> {
    let mut words = line.split_ascii_whitespace();
    let (Some(name), Some(scopes), Some(hash)) = (words.next(), words.next(), words.next()) else {
        return Err(TokenFault::Form);
    };
    let name = name.parse().map_err(TokenFault::Name)?;
    let scopes = scopes.split(',').map(str::parse).collect::<Result<_, _>>().map_err(TokenFault::Scope)?;
    let hash = sha_256(hash).ok_or(TokenFault::Hash)?;
    let mut allowance = Allowance::default();
    for word in words {
        limit(word, &mut allowance).ok_or(TokenFault::Limit)?;
    }
    Ok(Token { name: Some(name), scopes, hash, allowance })
}

/// Reads one limit, which must be the first of its kind.
fn limit(word: &str, allowance: &mut Allowance) -> Option<()> {
    let (what, number) = word.split_once('=')?;
    let place = match what {
        Allowance::EVENTS => &mut allowance.events,
        Allowance::BYTES => &mut allowance.bytes,
        _ => return None,
    };
    let is_first = place.replace(number.parse().ok()?).is_none();
    is_first.then_some(())
}

fn sha_256(text: &str) -> Option<[u8; 32]> {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte =
        |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("two hexadecimal digits are a byte");
    is_hash.then(|| core::array::from_fn(byte))
}

/// A list that cannot be read. The message holds no token and no hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenListError {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: TokenFault,
}

/// What is wrong with a line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFault {
    /// Not three words.
    Form,
    /// The first word.
    Name(TokenNameError),
    /// One of the second word's parts.
    Scope(UnknownScope),
    /// The third word.
    Hash,
    /// A word behind it.
    Limit,
    /// Another line has the name.
    NameTwice,
}

impl fmt::Display for TokenListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.fault {
            TokenFault::Form => f.write_str("write NAME SCOPE[,SCOPE] SHA256, as `pik token new` prints it"),
            TokenFault::Name(error) => error.fmt(f),
            TokenFault::Scope(error) => error.fmt(f),
            TokenFault::Hash => f.write_str("the third word is the token's SHA-256 in 64 hexadecimal digits"),
            TokenFault::Limit => f.write_str(
                "behind the hash stand `events_per_second=N`, `bytes_per_second=N` or both, with N from 1 to 4294967295",
            ),
            TokenFault::NameTwice => f.write_str("another line has this name; a name stands for one token"),
        }
    }
}

impl core::error::Error for TokenListError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_with_its_line() {
        let hash = "0".repeat(64);
        for (line, fault) in [
            ("shop ingest".to_owned(), "NAME SCOPE"),
            (format!("shop ingest {hash} more"), "events_per_second=N"),
            (format!("shop ingest {hash} events_per_second=0"), "events_per_second=N"),
            (format!("shop ingest {hash} bytes_per_second=1 bytes_per_second=2"), "events_per_second=N"),
            (format!("sh/op ingest {hash}"), "letters"),
            (format!("{} ingest {hash}", "x".repeat(65)), "letters"),
            (format!("shop write {hash}"), "`ingest`"),
            (format!("shop ingest, {hash}"), "`ingest`"),
            (format!("shop ingest {}", &hash[1..]), "64"),
            (format!("one read {hash}"), "another line"),
        ] {
            let error = TokenList::read(&format!("one read {hash}\n\n # none\n{line}")).unwrap_err().to_string();
            assert!(error.starts_with("line 4: ") && error.contains(fault), "{error}");
        }
        assert!(TokenList::read("").unwrap().is_empty());
    }
}
