//! How many events came out how.

use std::collections::BTreeMap;
use std::fmt;

use super::difference::Difference;
use crate::output::Summary;
use crate::terminal::plain;

/// The most kinds of differences that a person is shown.
const SHOWN: usize = 10;

/// The counts of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) stored: u64,
    /// Stored under the same key with something else in it.
    pub(crate) differing: u64,
    /// The file has the event again.
    pub(crate) repeated: u64,
    pub(crate) missing: u64,
    pub(crate) invalid: u64,
    pub(super) codes: Summary,
    differences: BTreeMap<Difference, u64>,
}

impl Tally {
    pub(super) fn note(&mut self, differences: &[Difference]) {
        self.differing += 1;
        for difference in differences {
            *self.differences.entry(difference.clone()).or_default() += 1;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stored, differing, repeated, missing, invalid, codes, differences } = self;
        write!(f, "{stored} stored, {repeated} repeated in the file, {missing} missing, {invalid} invalid")?;
        if !codes.is_empty() {
            write!(f, "\ninvalid: {codes}; `pik check` tells each")?;
        }
        if *differing > 0 {
            write!(f, "\n{differing} stored otherwise:")?;
            let mut kinds: Vec<_> = differences.iter().collect();
            kinds.sort_by_key(|(_, events)| std::cmp::Reverse(**events));
            for (difference, events) in kinds.iter().take(SHOWN) {
                write!(f, "\n  {events:>9}  {}", plain(&difference.to_string()))?;
            }
            if kinds.len() > SHOWN {
                write!(f, "\n  and {} other differences; --json has them all", kinds.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}
