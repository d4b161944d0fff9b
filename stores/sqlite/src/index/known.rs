//! Which events are certainly new, told without a look at the file.
//!
//! Nearly every event is new, and to find that out from a table of millions takes a page for each. A Bloom filter over
//! the starts of all ids says "new" or "perhaps not", in a few bits an event; only after the latter is the table asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;

/// Bits an id: one new event in fifty is looked up in vain.
const BITS: usize = 10;
/// Bits of a block that an id sets. A block is a cache line.
const PROBES: u32 = 6;
const BLOCK_BITS: usize = 512;
/// A filter that is full is followed by one twice as large,
const LEAST_IDS: usize = 1 << 17;
/// until they take so much memory. From then on the last one takes everything, and more is looked up in vain.
const MOST_BYTES: usize = 12 << 20;
/// Ids that are read at once from the table.
const PAGE: i64 = 10_000;

/// A Bloom filter of blocks: all bits of an id lie in one.
struct Filter {
    blocks: Vec<[u64; BLOCK_BITS / 64]>,
    room: usize,
}

impl Filter {
    fn for_ids(ids: usize) -> Self {
        let most = MOST_BYTES * 8 / BLOCK_BITS;
        let blocks = (ids * BITS).div_ceil(BLOCK_BITS).clamp(1, most);
        Self { blocks: vec![[0; _]; blocks], room: ids }
    }

    fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK_BITS / 8
    }

    // Where the id's bits are: a block, and in it as many words with a bit each as there are probes.
    fn places(&self, id_prefix: i64) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        let mixed = mix(id_prefix as u64);
        let block = ((u128::from(mixed) * self.blocks.len() as u128) >> 64) as usize;
        let bits = mix(mixed);
        let places = (0..PROBES).map(move |probe| {
            let bit = (bits >> (9 * probe)) as usize % BLOCK_BITS;
            (bit / 64, 1 << (bit % 64))
        });
        (block, places)
    }

    fn insert(&mut self, id_prefix: i64) {
        let (block, places) = self.places(id_prefix);
        for (word, bit) in places {
            self.blocks[block][word] |= bit;
        }
        self.room = self.room.saturating_sub(1);
    }

    fn may_have(&self, id_prefix: i64) -> bool {
        let (block, mut places) = self.places(id_prefix);
        places.all(|(word, bit)| self.blocks[block][word] & bit != 0)
    }
}

// The finalizer of SplitMix64.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What the tables held at the start, read beside the writer.
#[derive(Default)]
pub(crate) struct Stored {
    filter: OnceLock<Filter>,
    stopped: AtomicBool,
}

impl Stored {
    /// Reads the ids of the tables; there are `about` so many.
    pub(crate) fn read(&self, connection: &Connection, about: i64) -> rusqlite::Result<()> {
        let mut filter = Filter::for_ids(usize::try_from(about).unwrap_or(0));
        // In the order in which ids move on: one that moves meanwhile is seen twice rather than not at all.
        for statement in crate::db::sql::ID_PREFIXES {
            let mut last = None;
            loop {
                if self.stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
                // Short pages: who reads an old state for long keeps the log from starting over.
                let mut statement = connection.prepare_cached(statement)?;
                let mut rows = statement.query([last.unwrap_or(i64::MIN), PAGE])?;
                let mut count = 0;
                while let Some(row) = rows.next()? {
                    let id_prefix = row.get(0)?;
                    filter.insert(id_prefix);
                    last = Some(id_prefix);
                    count += 1;
                }
                if count < PAGE {
                    break;
                }
            }
        }
        // Only now is what the tables do not have certainly new.
        let _ = self.filter.set(filter);
        Ok(())
    }

    /// Ends the reading.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// All events that were ever seen, and a few that were not.
pub(crate) struct Known {
    stored: Arc<Stored>,
    recent: Vec<Filter>,
}

impl Known {
    pub(crate) fn new(stored: Arc<Stored>) -> Self {
        Self { stored, recent: vec![Filter::for_ids(LEAST_IDS)] }
    }

    /// Adds an event that the tables did not have at the start.
    pub(crate) fn insert(&mut self, id_prefix: i64) {
        let bytes: usize = self.recent.iter().map(Filter::bytes).sum();
        if let Some(last) = self.recent.last_mut()
            && (last.room > 0 || bytes + 2 * last.bytes() > MOST_BYTES)
        {
            last.insert(id_prefix);
            return;
        }
        let mut next = Filter::for_ids(LEAST_IDS << self.recent.len());
        next.insert(id_prefix);
        self.recent.push(next);
    }

    /// Whether no event was ever seen whose id starts like that.
    pub(crate) fn lacks(&self, id_prefix: i64) -> bool {
        let Some(stored) = self.stored.filter.get() else { return false };
        !stored.may_have(id_prefix) && !self.recent.iter().any(|filter| filter.may_have(id_prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::schema;

    fn prefixes(from: i64, count: i64) -> impl Iterator<Item = i64> {
        (from..from + count).map(|number| mix(number as u64) as i64 >> 16)
    }

    #[test]
    fn what_was_inserted_is_never_lacked_and_the_rest_mostly_is() {
        let stored = Arc::new(Stored::default());
        stored.filter.set(Filter::for_ids(0)).ok().unwrap();
        let mut known = Known::new(stored);
        let count = LEAST_IDS as i64 * 8;
        for id_prefix in prefixes(0, count) {
            known.insert(id_prefix);
        }
        assert_eq!(known.recent.len(), 4);
        assert!(prefixes(0, count).all(|id_prefix| !known.lacks(id_prefix)));
        let in_vain = prefixes(count, 100_000).filter(|id_prefix| !known.lacks(*id_prefix)).count();
        assert!(in_vain < 6_000, "{in_vain} of 100,000");
    }

    #[test]
    fn memory_is_bounded() {
        let mut known = Known::new(Arc::new(Stored::default()));
        // As if each filter had been filled.
        for _ in 0..100 {
            for filter in &mut known.recent {
                filter.room = 0;
            }
            known.insert(1);
        }
        assert!(known.recent.iter().map(Filter::bytes).sum::<usize>() <= MOST_BYTES);
        assert!(Filter::for_ids(usize::MAX / BITS / 2).bytes() <= MOST_BYTES);
    }

    #[test]
    fn what_the_table_holds_is_not_lacked() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        let stored = Arc::new(Stored::default());
        let known = Known::new(Arc::clone(&stored));
        let count = PAGE * 2;
        for (seq, id_prefix) in prefixes(0, count).chain([-1 << 47, (1 << 47) - 1]).enumerate() {
            let table = if seq % 3 == 0 { "by_id" } else { "by_id_recent" };
            connection.execute(&format!("INSERT INTO {table} VALUES (?1, ?2)"), [id_prefix, seq as i64]).unwrap();
        }
        assert!(!known.lacks(0), "nothing is certain before all is read");
        stored.read(&connection, count).unwrap();
        assert!(prefixes(0, count).chain([-1 << 47, (1 << 47) - 1]).all(|id_prefix| !known.lacks(id_prefix)));
        assert!(prefixes(count, 1000).any(|id_prefix| known.lacks(id_prefix)));
    }
}
