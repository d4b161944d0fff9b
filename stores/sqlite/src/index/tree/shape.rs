//! How large the parts of a tree are.

/// The keys that have a Bloom filter: those whose first byte is `tag`, by their first `bytes` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filtered {
    pub(crate) tag: u8,
    pub(crate) bytes: usize,
}

/// The sizes of a tree. Tests make them small; nothing of them is kept in the file, so they may change between two starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// A memtable of this many keys is flushed.
    pub(crate) memtable: usize,
    /// Keys of a memtable that are sorted among themselves as they arrive.
    pub(crate) chunk: usize,
    /// The most bytes of a block.
    pub(crate) block: usize,
    /// A level with this many runs is merged into the next.
    pub(crate) fan_out: usize,
    /// The least number of keys that is worth a slice.
    pub(crate) slice: usize,
    /// The most filter pages that are kept in memory, of 4 KB each.
    pub(crate) filter_pages: usize,
    /// Which keys have a filter.
    pub(crate) filtered: Filtered,
}

impl Shape {
    /// The sizes for real use. A block of 4,040 bytes is the longest whose row fits into a page of 4 KiB: one block, one page.
    pub(crate) const fn new(filtered: Filtered) -> Self {
        Self {
            memtable: 1 << 17,
            chunk: 1 << 11,
            block: 4040,
            fan_out: 8,
            slice: 1 << 10,
            filter_pages: 6 << 10,
            filtered,
        }
    }
}
