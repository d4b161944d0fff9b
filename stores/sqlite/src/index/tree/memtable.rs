//! Keys that are in no run yet.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::filter::{self, Filter};
use super::key::Key;
use super::shape::Shape;

/// Sorted chunks of keys, and the latest ones in the order of their arrival.
struct Memtable {
    chunks: Vec<Arc<[Key]>>,
    tail: Vec<Key>,
    filter: Filter,
    keys: usize,
}

impl Memtable {
    fn new(shape: &Shape) -> Self {
        Self { chunks: Vec::new(), tail: Vec::new(), filter: Filter::for_keys(shape.memtable), keys: 0 }
    }

    fn put(&mut self, shape: &Shape, key: Key) {
        if let Some(hash) = filter::hash(&shape.filtered, &key) {
            self.filter.insert(hash);
        }
        self.tail.push(key);
        self.keys += 1;
        if self.tail.len() >= shape.chunk {
            self.sort_tail();
        }
    }

    fn sort_tail(&mut self) {
        self.tail.sort_unstable();
        if !self.tail.is_empty() {
            self.chunks.push(self.tail.as_slice().into());
            self.tail.clear();
        }
    }

    fn find(&self, prefix: &Key, hash: u64, found: &mut Vec<Key>) {
        if !self.filter.may_have(hash) {
            return;
        }
        let has_prefix = |key: &&Key| key.starts_with(prefix);
        for chunk in &self.chunks {
            found.extend(chunk[chunk.partition_point(|key| key < prefix)..].iter().take_while(has_prefix));
        }
        found.extend(self.tail.iter().filter(has_prefix));
    }
}

struct State {
    active: Memtable,
    frozen: Option<Memtable>,
}

/// The memtable that takes new keys, and the one that is being flushed. The writer changes them, readers look.
pub(crate) struct Memory {
    shape: Shape,
    state: RwLock<State>,
}

/// All keys that were in memory at one moment.
pub(crate) struct View {
    pub(super) chunks: Vec<Arc<[Key]>>,
    pub(super) tail: Vec<Key>,
}

impl Memory {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, state: RwLock::new(State { active: Memtable::new(&shape), frozen: None }) }
    }

    // A thread that panicked cannot have left half a change: what is in the critical sections does not panic.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys at this moment. A reader takes this view before it reads the runs. A key that is flushed in between is then
    /// seen twice; in the other order it would not be seen at all.
    pub(crate) fn view(&self) -> View {
        let state = self.read();
        let frozen = state.frozen.iter().flat_map(|frozen| &frozen.chunks);
        View { chunks: frozen.chain(&state.active.chunks).cloned().collect(), tail: state.active.tail.clone() }
    }

    /// Adds keys.
    pub(super) fn put(&self, keys: impl Iterator<Item = Key>) {
        let mut state = self.write();
        keys.for_each(|key| state.active.put(&self.shape, key));
    }

    /// How many keys came since the last freeze.
    pub(super) fn active_keys(&self) -> usize {
        self.read().active.keys
    }

    /// How many keys are in memory, those being flushed too.
    pub(crate) fn keys(&self) -> usize {
        let state = self.read();
        state.active.keys + state.frozen.as_ref().map_or(0, |frozen| frozen.keys)
    }

    /// Turns the memtable into the one to be flushed, unless there is one or it is empty; says whether it did.
    pub(super) fn freeze(&self) -> bool {
        let mut state = self.write();
        if state.frozen.is_some() || state.active.keys == 0 {
            return false;
        }
        let mut full = std::mem::replace(&mut state.active, Memtable::new(&self.shape));
        full.sort_tail();
        state.frozen = Some(full);
        true
    }

    /// The sorted chunks of what is to be flushed.
    pub(super) fn frozen(&self) -> Vec<Arc<[Key]>> {
        self.read().frozen.as_ref().map(|frozen| frozen.chunks.clone()).unwrap_or_default()
    }

    /// It is in a run now.
    pub(super) fn flushed(&self) {
        let flushed = self.write().frozen.take();
        drop(flushed);
    }

    /// The keys with a prefix whose hash is given.
    pub(super) fn find(&self, prefix: &Key, hash: u64, found: &mut Vec<Key>) {
        let state = self.read();
        state.active.find(prefix, hash, found);
        if let Some(frozen) = &state.frozen {
            frozen.find(prefix, hash, found);
        }
    }
}
