//! Keys: byte strings that sort as bytes do.

use std::fmt;

/// A byte string of at most [`Key::MAX`] bytes, the rest zeros and the length in the last byte, so that four integers
/// compare as the strings do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key([u64; 4]);

const SIZE: usize = 32;

impl Key {
    /// The longest key, in bytes.
    pub(crate) const MAX: usize = SIZE - 1;
    /// The key before all others: the empty one.
    pub(crate) const FIRST: Self = Self([0; 4]);

    /// The key of these bytes.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        assert!(bytes.len() <= Self::MAX, "a key of the index has at most {} bytes", Self::MAX);
        let mut padded = [0; SIZE];
        padded[..bytes.len()].copy_from_slice(bytes);
        Self::from_padded(&padded, bytes.len())
    }

    /// The key of the first `length` bytes; all others are zeros.
    pub(super) fn from_padded(bytes: &[u8; SIZE], length: usize) -> Self {
        let word = |at: usize| u64::from_be_bytes(std::array::from_fn(|byte| bytes[at * 8 + byte]));
        Self([word(0), word(1), word(2), word(3) | length as u64])
    }

    /// How many bytes the key has.
    pub(crate) const fn len(&self) -> usize {
        (self.0[3] & 0xff) as usize
    }

    /// The bytes; those behind [`Key::len`] are zeros, but for the last.
    pub(crate) fn padded(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        for (place, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The greatest key that begins with this one.
    pub(crate) fn last_with_prefix(&self) -> Self {
        let mut bytes = [0xff; SIZE];
        let length = self.len();
        bytes[..length].copy_from_slice(&self.padded()[..length]);
        bytes[Self::MAX] = 0;
        Self::from_padded(&bytes, Self::MAX)
    }

    /// Whether the key begins with another.
    pub(crate) fn starts_with(&self, prefix: &Self) -> bool {
        self >= prefix && *self <= prefix.last_with_prefix()
    }

    /// How many bytes two keys share at their start.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let mut words = self.0.iter().zip(&other.0);
        let equal = words.clone().take_while(|(one, other)| one == other).count();
        let bits = words.nth(equal).map_or(0, |(one, other)| (one ^ other).leading_zeros() as usize);
        (equal * 8 + bits / 8).min(self.len()).min(other.len())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.padded()[..self.len()].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![Just(0), Just(1), Just(0xff), any::<u8>()], 0..=Key::MAX)
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_bytes(one in bytes(), other in bytes()) {
            let keys = (Key::new(&one), Key::new(&other));
            prop_assert_eq!(keys.0.cmp(&keys.1), one.cmp(&other));
            prop_assert_eq!(&keys.0.padded()[..keys.0.len()], &one[..]);
            prop_assert_eq!(keys.0.starts_with(&keys.1), one.starts_with(&other));
            let shared = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
            prop_assert_eq!(keys.0.shared(&keys.1), shared);
        }
    }
}
