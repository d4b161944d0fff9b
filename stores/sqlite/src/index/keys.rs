//! Keys of an index, wherever they are: in its tables, or waiting to be moved there.

use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::PoisonError;

use rusqlite::params_from_iter;

use crate::index::indexes::Indexes;
use crate::index::sweep::Index;
use crate::read::reader::Reader;

/// An index, and the statements that find rows of its tables between two keys, in the order in which keys move on.
pub(crate) struct Source<const N: usize> {
    pub(crate) index: fn(&Indexes) -> &Index<N>,
    pub(crate) select: &'static [&'static str],
}

impl Reader {
    /// The first `count` keys of a range, in order.
    pub(crate) fn keys<const N: usize>(
        &self,
        source: &Source<N>,
        range: RangeInclusive<[i64; N]>,
        count: usize,
    ) -> rusqlite::Result<Vec<[i64; N]>> {
        // First what waits, then the tables: a key that is moved in between is seen twice, the other way round it would
        // not be seen at all.
        let mut keys = {
            let indexes = self.indexes.read().unwrap_or_else(PoisonError::into_inner);
            least((source.index)(&indexes).waiting(range.clone()), count)
        };
        let count_bound = i64::try_from(count).unwrap_or(i64::MAX);
        for select in source.select {
            let mut statement = self.connection.prepare_cached(select)?;
            let bounds = range.start().iter().chain(range.end()).copied().chain([count_bound]);
            let mut rows = statement.query(params_from_iter(bounds))?;
            while let Some(row) = rows.next()? {
                let mut key = [0; N];
                for (column, part) in key.iter_mut().enumerate() {
                    *part = row.get(column)?;
                }
                keys.push(key);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(count);
        Ok(keys)
    }
}

/// The `count` least of many.
fn least<'k, const N: usize>(keys: impl Iterator<Item = &'k [i64; N]>, count: usize) -> Vec<[i64; N]> {
    let mut least = BinaryHeap::new();
    for key in keys {
        if least.len() < count {
            least.push(*key);
        } else if let Some(mut greatest) = least.peek_mut()
            && key < &*greatest
        {
            *greatest = *key;
        }
    }
    least.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_are_found_in_any_order() {
        let keys: Vec<[i64; 2]> = (0..100).map(|number| [number * 37 % 100, -number]).collect();
        for count in [0, 1, 7, 100, 101] {
            let mut found = least(keys.iter(), count);
            found.sort_unstable();
            let mut expected = keys.clone();
            expected.sort_unstable();
            expected.truncate(count);
            assert_eq!(found, expected);
        }
    }
}
