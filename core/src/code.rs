//! The codes of refused events (`docs/contract.md`, section 7).

use core::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong, as a word a program can match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "docs/errors.md says what each one means")]
pub enum Code {
    TooLarge,
    InvalidJson,
    NotAnObject,
    MissingField,
    UnknownField,
    WrongType,
    DuplicateKey,
    Empty,
    ForbiddenCharacter,
    TooLong,
    InvalidTime,
    MissingOffset,
    TimeTooPrecise,
    TimeOutOfRange,
    NumberOutOfRange,
    TooDeep,
    UnsupportedMediaType,
}

impl Code {
    /// Every code, in the contract's order.
    pub const ALL: [Self; 17] = [
        Self::TooLarge,
        Self::InvalidJson,
        Self::NotAnObject,
        Self::MissingField,
        Self::UnknownField,
        Self::WrongType,
        Self::DuplicateKey,
        Self::Empty,
        Self::ForbiddenCharacter,
        Self::TooLong,
        Self::InvalidTime,
        Self::MissingOffset,
        Self::TimeTooPrecise,
        Self::TimeOutOfRange,
        Self::NumberOutOfRange,
        Self::TooDeep,
        Self::UnsupportedMediaType,
    ];

    /// The code as it stands in answers and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::InvalidJson => "invalid_json",
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::UnknownField => "unknown_field",
            Self::WrongType => "wrong_type",
            Self::DuplicateKey => "duplicate_key",
            Self::Empty => "empty",
            Self::ForbiddenCharacter => "forbidden_character",
            Self::TooLong => "too_long",
            Self::InvalidTime => "invalid_time",
            Self::MissingOffset => "missing_offset",
            Self::TimeTooPrecise => "time_too_precise",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::NumberOutOfRange => "number_out_of_range",
            Self::TooDeep => "too_deep",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }

    /// Reads what [`Code::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

// A code that is added before the last one and not listed stops the build here.
const _: () = assert!(Code::UnsupportedMediaType as usize + 1 == Code::ALL.len());

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
