//! Bloom filters: whether a run or a memtable may have a key.

use xxhash_rust::xxh3::xxh3_64;

use super::key::Key;
use super::shape::Filtered;

/// A line is what one memory access brings; all bits of a key lie in one.
const LINE_WORDS: usize = 8;
const LINE_BITS: u64 = LINE_WORDS as u64 * 64;
/// Bits that a key sets.
const PROBES: u32 = 7;

/// The hash of a key's filtered part; `None` when the key is not filtered.
pub(super) fn hash(filtered: &Filtered, key: &Key) -> Option<u64> {
    let bytes = key.padded();
    (bytes[0] == filtered.tag && key.len() >= filtered.bytes).then(|| xxh3_64(&bytes[..filtered.bytes]))
}

/// A Bloom filter of lines. Its bits are stored, so where they are never changes: xxh3 is a fixed algorithm, and the places
/// are computed here, not by a library that may find better ones one day.
#[derive(Clone)]
pub(super) struct Filter {
    lines: Vec<[u64; LINE_WORDS]>,
}

impl Filter {
    pub(super) fn new(lines: usize) -> Self {
        Self { lines: vec![[0; LINE_WORDS]; lines] }
    }

    /// A filter for about `keys` keys at 16 bits each.
    pub(super) fn for_keys(keys: usize) -> Self {
        Self::new((keys * 16).div_ceil(LINE_BITS as usize).max(1))
    }

    // The line, and in it a word and a bit for each probe.
    fn places(&self, hash: u64) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        let line = ((u128::from(hash) * self.lines.len() as u128) >> 64) as usize;
        let bits = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = bits ^ (bits >> 32);
        let places = (0..PROBES).map(move |probe| {
            let bit = (bits >> (9 * probe)) % LINE_BITS;
            ((bit / 64) as usize, 1 << (bit % 64))
        });
        (line, places)
    }

    pub(super) fn insert(&mut self, hash: u64) {
        let (line, places) = self.places(hash);
        for (word, bit) in places {
            self.lines[line][word] |= bit;
        }
    }

    pub(super) fn may_have(&self, hash: u64) -> bool {
        let (line, mut places) = self.places(hash);
        places.all(|(word, bit)| self.lines[line][word] & bit != 0)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for word in self.lines.as_flattened() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// Reads what [`Filter::write`] wrote; `None` when the length cannot be right.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (lines, rest) = bytes.as_chunks::<{ LINE_WORDS * 8 }>();
        let line = |bytes: &[u8; LINE_WORDS * 8]| {
            let (words, _) = bytes.as_chunks::<8>();
            std::array::from_fn(|word| u64::from_le_bytes(words[word]))
        };
        (rest.is_empty() && !lines.is_empty()).then(|| Self { lines: lines.iter().map(line).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(from: u64, count: u64) -> impl Iterator<Item = u64> {
        (from..from + count).map(|number| xxh3_64(&number.to_le_bytes()))
    }

    #[test]
    fn what_was_inserted_is_never_missed_and_the_rest_mostly_is() {
        let mut filter = Filter::for_keys(10_000);
        hashes(0, 10_000).for_each(|hash| filter.insert(hash));
        let mut bytes = Vec::new();
        filter.write(&mut bytes);
        let read = Filter::read(&bytes).unwrap();
        assert!(hashes(0, 10_000).all(|hash| read.may_have(hash)));
        let in_vain = hashes(10_000, 100_000).filter(|hash| read.may_have(*hash)).count();
        assert!(in_vain < 600, "{in_vain} of 100,000");
    }

    #[test]
    fn the_places_of_bits_never_change() {
        // Filters are stored: another place for a bit would make known events look new.
        let mut filter = Filter::new(4);
        filter.insert(hash(&Filtered { tag: 1, bytes: 3 }, &Key::new(&[1, 2, 3, 4])).unwrap());
        let mut bytes = Vec::new();
        filter.write(&mut bytes);
        assert_eq!(xxh3_64(&bytes), 8_739_527_642_368_702_018);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        assert!(Filter::read(&[]).is_none());
        assert!(Filter::read(&[0; 63]).is_none());
        assert!(Filter::read(&[0; 65]).is_none());
    }
}
