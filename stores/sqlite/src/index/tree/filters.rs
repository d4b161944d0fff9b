//! The Bloom filters of the runs: pages in the file, as many of them in memory as there is room for.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::block;
use super::filter::Filter;
use super::key::Key;
use super::tables::{self, Fence, Kind};

/// Lines of a page: with the checksum it fits into a page of the file.
const LINES: usize = 62;
const PAGE_BITS: usize = LINES * 512;
/// Runs of more keys than this have fewer bits a key: they are few, and they hold most keys.
const LARGE_RUN: usize = 8 << 20;

/// The filter of neighbouring keys: those from `first` to where the next page begins.
struct Page {
    fence: Fence,
    filter: Option<Filter>,
}

/// The pages of a run, in the order of their keys.
#[derive(Default)]
pub(super) struct Filters {
    pages: VecDeque<Page>,
}

impl Filters {
    /// The pages of a run, none of them read yet.
    pub(super) fn load(connection: &Connection, run: i64) -> rusqlite::Result<Self> {
        let fences = tables::fences(connection, run, Kind::Filter)?;
        Ok(Self { pages: fences.into_iter().map(|fence| Page { fence, filter: None }).collect() })
    }

    /// Whether the run may have a key with a prefix whose hash is given.
    pub(super) fn may_have(
        &mut self,
        connection: &Connection,
        budget: &mut Budget,
        prefix: &Key,
        hash: u64,
    ) -> rusqlite::Result<bool> {
        let last = prefix.last_with_prefix();
        let behind = self.pages.partition_point(|page| page.fence.first <= last);
        let Some(page) = behind.checked_sub(1).and_then(|at| self.pages.get_mut(at)) else { return Ok(false) };
        if let Some(filter) = &page.filter {
            return Ok(filter.may_have(hash));
        }
        let filter = read(connection, &page.fence)?;
        let may_have = filter.may_have(hash);
        page.filter = Some(filter);
        budget.loaded.push_back(page.fence.block);
        Ok(may_have)
    }

    fn forget(&mut self, block: i64) -> bool {
        let at = self.pages.binary_search_by_key(&block, |page| page.fence.block);
        at.is_ok_and(|at| self.pages[at].filter.take().is_some())
    }

    /// Deletes pages whose keys are all up to `key`.
    pub(super) fn delete_to(&mut self, connection: &Connection, run: i64, key: &Key) -> rusqlite::Result<()> {
        while self.pages.get(1).is_some_and(|next| next.fence.first <= *key) {
            self.delete_first(connection, run)?;
        }
        Ok(())
    }

    /// Deletes all pages.
    pub(super) fn delete(&mut self, connection: &Connection, run: i64) -> rusqlite::Result<()> {
        while !self.pages.is_empty() {
            self.delete_first(connection, run)?;
        }
        Ok(())
    }

    fn delete_first(&mut self, connection: &Connection, run: i64) -> rusqlite::Result<()> {
        let Some(page) = self.pages.pop_front() else { return Ok(()) };
        tables::delete_block(connection, run, Kind::Filter, &page.fence)
    }
}

fn read(connection: &Connection, fence: &Fence) -> rusqlite::Result<Filter> {
    tables::read_block(connection, fence.block, |bytes| Filter::read(block::open(bytes)?))
}

/// How many pages may be in memory, and which are; the oldest make room.
pub(super) struct Budget {
    most: usize,
    loaded: VecDeque<i64>,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self { most, loaded: VecDeque::new() }
    }

    /// Forgets pages until they fit.
    pub(super) fn enforce<'f>(&mut self, mut runs: impl Iterator<Item = &'f mut Filters>) {
        if self.loaded.len() <= self.most {
            return;
        }
        // Some at a time: to find a page takes a look at each run.
        let runs: Vec<&mut Filters> = runs.by_ref().collect();
        let mut runs = runs;
        while self.loaded.len() > self.most
            && let Some(block) = self.loaded.pop_front()
        {
            // It may be gone, with its run or with its keys.
            let _ = runs.iter_mut().any(|filters| filters.forget(block));
        }
    }
}

/// The page at the end of a run that is being written.
pub(super) struct Writer {
    keys_a_page: usize,
    page: Option<Open>,
}

struct Open {
    fence: Fence,
    filter: Filter,
    keys: usize,
    is_stored: bool,
    is_changed: bool,
}

impl Writer {
    /// For a run of about this many keys.
    pub(super) fn new(keys: usize) -> Self {
        let bits = if keys > LARGE_RUN { 10 } else { 16 };
        Self { keys_a_page: PAGE_BITS / bits, page: None }
    }

    /// Adds a key; keys come in order. A full page is stored first.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        run: i64,
        filters: &mut Filters,
        budget: &mut Budget,
        next_block: &mut i64,
        (key, hash): (&Key, u64),
    ) -> rusqlite::Result<()> {
        if self.page.as_ref().is_some_and(|page| page.keys >= self.keys_a_page) {
            self.store(connection, run, filters, budget)?;
            self.page = None;
        }
        let page = self.page.get_or_insert_with(|| {
            let block = *next_block;
            *next_block += 1;
            let fence = Fence { first: *key, block };
            Open { fence, filter: Filter::new(LINES), keys: 0, is_stored: false, is_changed: false }
        });
        page.filter.insert(hash);
        page.keys += 1;
        page.is_changed = true;
        Ok(())
    }

    /// Stores the page that is being filled, and puts it where keys are looked up.
    pub(super) fn store(
        &mut self,
        connection: &Connection,
        run: i64,
        filters: &mut Filters,
        budget: &mut Budget,
    ) -> rusqlite::Result<()> {
        let Some(page) = self.page.as_mut().filter(|page| page.is_changed) else { return Ok(()) };
        let mut bytes = vec![0; 8];
        page.filter.write(&mut bytes);
        let bytes = block::seal(bytes);
        if page.is_stored {
            tables::replace_block(connection, page.fence.block, &bytes)?;
            filters.pages.pop_back();
        } else {
            tables::insert_block(connection, run, Kind::Filter, &page.fence, &bytes)?;
            budget.loaded.push_back(page.fence.block);
        }
        filters.pages.push_back(Page { fence: page.fence, filter: Some(page.filter.clone()) });
        page.is_stored = true;
        page.is_changed = false;
        Ok(())
    }
}
