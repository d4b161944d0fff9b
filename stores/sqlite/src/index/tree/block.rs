//! Blocks: some hundred neighbouring keys as bytes, each as its difference from the one before, with a checksum.

use xxhash_rust::xxh3::xxh3_64;

use super::key::Key;

/// Set in a key's first byte when its length is that of the key before; the other bits are how many bytes both share.
const SAME_LENGTH: u8 = 0x80;
const CHECKSUM: usize = 8;

/// A block that is being filled.
pub(super) struct Builder {
    bytes: Vec<u8>,
    last: Key,
    keys: usize,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; CHECKSUM], last: Key::FIRST, keys: 0 }
    }

    pub(super) fn keys(&self) -> usize {
        self.keys
    }

    /// Whether another key fits into a block of `most` bytes.
    pub(super) fn fits(&self, key: &Key, most: usize) -> bool {
        self.keys == 0 || self.bytes.len() + 2 + key.len() - key.shared(&self.last) <= most
    }

    /// Adds a key; keys come in order.
    pub(super) fn push(&mut self, key: &Key) {
        let (length, shared) = (key.len(), key.shared(&self.last));
        if length == self.last.len() {
            self.bytes.push(shared as u8 | SAME_LENGTH);
        } else {
            self.bytes.extend([shared as u8, length as u8]);
        }
        self.bytes.extend_from_slice(&key.padded()[shared..length]);
        self.last = *key;
        self.keys += 1;
    }

    /// The block, and the builder empty again.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let empty = Self::new();
        seal(std::mem::replace(self, empty).bytes)
    }
}

/// Puts the checksum of what follows into the first bytes.
pub(super) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = xxh3_64(&bytes[CHECKSUM..]);
    bytes[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What [`seal`] has sealed; `None` when a bit has changed since.
pub(super) fn open(bytes: &[u8]) -> Option<&[u8]> {
    let (checksum, content) = bytes.split_first_chunk()?;
    (u64::from_le_bytes(*checksum) == xxh3_64(content)).then_some(content)
}

/// Appends the keys of a block; `None` when it is damaged.
pub(super) fn read(bytes: &[u8], keys: &mut Vec<Key>) -> Option<()> {
    let mut rest = open(bytes)?;
    let (mut padded, mut length) = ([0; Key::MAX + 1], 0);
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let shared = usize::from(first & !SAME_LENGTH);
        if first & SAME_LENGTH == 0 {
            let (next, behind) = rest.split_first()?;
            rest = behind;
            length = usize::from(*next);
        }
        let suffix = rest.split_at_checked(length.checked_sub(shared)?)?;
        let place = padded.get_mut(shared..length).filter(|_| length <= Key::MAX)?;
        place.copy_from_slice(suffix.0);
        padded[length..].fill(0);
        rest = suffix.1;
        keys.push(Key::from_padded(&padded, length));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn built(keys: &BTreeSet<Vec<u8>>) -> Vec<u8> {
        let mut builder = Builder::new();
        keys.iter().for_each(|key| builder.push(&Key::new(key)));
        builder.take()
    }

    proptest! {
        #[test]
        fn keys_are_read_back(
            keys in proptest::collection::btree_set(proptest::collection::vec(0..4_u8, 0..=Key::MAX), 0..200)
        ) {
            let mut read_back = Vec::new();
            read(&built(&keys), &mut read_back).unwrap();
            prop_assert_eq!(read_back, keys.iter().map(|key| Key::new(key)).collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_it_panic(content in proptest::collection::vec(any::<u8>(), 0..100)) {
            let sealed = seal([vec![0; CHECKSUM], content].concat());
            let _ = read(&sealed, &mut Vec::new());
        }
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let bytes = built(&(0..100_u8).map(|number| vec![number, 7, 9]).collect());
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&changed, &mut Vec::new()).is_none(), "bit {bit}");
        }
        assert!(read(&[], &mut Vec::new()).is_none());
    }

    #[test]
    fn a_block_is_never_longer_than_it_may_be() {
        let mut builder = Builder::new();
        for number in 0_u32.. {
            let key = Key::new(&number.wrapping_mul(2_654_435_761).to_be_bytes());
            if !builder.fits(&key, 500) {
                break;
            }
            builder.push(&key);
        }
        assert!((490..=500).contains(&builder.take().len()));
    }
}
