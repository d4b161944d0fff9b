//! Ranges of the text that is read, and of the canonical text that is written. Neither is taken for the other.

use core::ops::Range;

/// A range of the text that is read. Texts here are made of a body, so their lengths fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && u32::try_from(end).is_ok(), "{start} to {end} is no range of a text");
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A position in the canonical text that was written since the last drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutPos(u32);

impl OutPos {
    pub(crate) const START: Self = Self(0);

    #[inline(always)]
    pub(crate) fn new(at: usize) -> Self {
        debug_assert!(u32::try_from(at).is_ok(), "{at} is no position in a text");
        Self(at as u32)
    }

    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A range of the canonical text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutSpan {
    pub(crate) start: OutPos,
    pub(crate) end: OutPos,
}

impl OutSpan {
    pub(crate) fn range(self) -> Range<usize> {
        self.start.index()..self.end.index()
    }
}
