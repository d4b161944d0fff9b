//! The order of member names: by UTF-16 code units, on UTF-8 text (RFC 8785, section 3.2.3).

use core::cmp::Ordering;
use core::ops::Range;

/// A range of a text. Texts here are made of a body, so their lengths fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A member's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// Orders like the name's first eight bytes, and decides nearly every comparison.
    ranks: u64,
    /// Where the name stands: in the text, or among the names whose escapes were resolved.
    span: Span,
    is_unescaped: bool,
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: Name,
    /// Where its name stands in the body.
    pub(crate) name_at: u32,
    /// Where it stands in the canonical text.
    pub(crate) written: Span,
}

impl Name {
    /// The name of the string token from `start` to `end` of the text, quotes included.
    #[inline]
    pub(crate) fn written(text: &str, start: usize, end: usize) -> Self {
        let ranks = ranks(&text.as_bytes()[start + 1..], end - start - 2);
        Self { ranks, span: Span::new(start + 1, end - 1), is_unescaped: false }
    }

    /// The name that starts at `start` and ends the resolved names.
    pub(crate) fn unescaped(unescaped: &str, start: usize) -> Self {
        let name = &unescaped.as_bytes()[start..];
        Self { ranks: ranks(name, name.len()), span: Span::new(start, unescaped.len()), is_unescaped: true }
    }
}

/// UTF-8 bytes sort like code points. UTF-16 differs in one thing: U+E000–U+FFFF, whose first bytes are EE and EF, come
/// after the surrogate pairs of F0–F4.
#[inline]
fn rank(byte: u8) -> u8 {
    if byte & 0xfe == 0xee { byte | 0x10 } else { byte }
}

/// The ranks of the first eight of `len` bytes as a number that orders like them, shorter names filled up with zeros.
/// Bytes behind the name are allowed, so that eight can be loaded at once.
#[inline]
fn ranks(bytes: &[u8], len: usize) -> u64 {
    let word = match bytes.first_chunk::<8>() {
        Some(eight) => u64::from_be_bytes(*eight),
        None => {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(eight)
        }
    };
    let word = match len {
        0 => 0,
        1..8 => word & (u64::MAX << (64 - 8 * len)),
        _ => word,
    };
    if word & 0x8080_8080_8080_8080 == 0 { word } else { u64::from_be_bytes(word.to_be_bytes().map(rank)) }
}

fn compare_bytes(left: &[u8], right: &[u8]) -> Ordering {
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => rank(*left).cmp(&rank(*right)),
        None => left.len().cmp(&right.len()),
    }
}

/// What names refer to.
#[derive(Clone, Copy)]
pub(crate) struct Names<'t> {
    pub(crate) text: &'t str,
    pub(crate) unescaped: &'t str,
}

impl<'t> Names<'t> {
    pub(crate) fn text(&self, name: &Name) -> &'t str {
        let text = if name.is_unescaped { self.unescaped } else { self.text };
        &text[name.span.range()]
    }

    #[inline]
    pub(crate) fn compare(&self, left: &Name, right: &Name) -> Ordering {
        match left.ranks.cmp(&right.ranks) {
            Ordering::Equal => self.compare_rest(left, right),
            decided => decided,
        }
    }

    #[inline(never)]
    fn compare_rest(&self, left: &Name, right: &Name) -> Ordering {
        let (left, right) = (self.text(left).as_bytes(), self.text(right).as_bytes());
        let same = 8.min(left.len()).min(right.len());
        let (left, right) = (&left[same..], &right[same..]);
        // The second eight bytes decide most of what is left, again at once.
        match ranks(left, left.len()).cmp(&ranks(right, right.len())) {
            Ordering::Equal => compare_bytes(left, right),
            decided => decided,
        }
    }

    /// Sorts members by name. When names repeat, gives the earliest member, in document order, whose name an earlier one
    /// has.
    pub(crate) fn sort(&self, members: &mut [Member]) -> Option<Member> {
        const FEW: usize = 16;
        if members.len() <= FEW {
            self.insertion_sort(members);
        } else {
            self.sort_many(members);
        }
        let repeats = members.windows(2).filter(|pair| self.compare(&pair[0].name, &pair[1].name).is_eq());
        repeats.map(|pair| pair[1]).min_by_key(|member| member.name_at)
    }

    // Stable, so equal names stay in document order.
    fn insertion_sort(&self, members: &mut [Member]) {
        for sorted in 1..members.len() {
            let member = members[sorted];
            let mut place = sorted;
            while place > 0 && self.compare(&member.name, &members[place - 1].name).is_lt() {
                members[place] = members[place - 1];
                place -= 1;
            }
            members[place] = member;
        }
    }

    fn sort_many(&self, members: &mut [Member]) {
        // Names often begin alike; the eight bytes behind what all share tell more of them apart.
        let shared = self.shared_prefix(members);
        let mut keyed: Vec<(u64, u32)> = (0..)
            .zip(members.iter())
            .map(|(index, member)| {
                let rest = &self.text(&member.name).as_bytes()[shared..];
                (ranks(rest, rest.len()), index)
            })
            .collect();
        keyed.sort_unstable();
        let unsorted = members.to_vec();
        for (member, (_, index)) in members.iter_mut().zip(&keyed) {
            *member = unsorted[*index as usize];
        }
        let mut start = 0;
        for same in keyed.chunk_by(|left, right| left.0 == right.0) {
            let end = start + same.len();
            if same.len() > 1 {
                let by_rest = |left: &Member, right: &Member| {
                    let (left_text, right_text) = (self.text(&left.name), self.text(&right.name));
                    compare_bytes(&left_text.as_bytes()[shared..], &right_text.as_bytes()[shared..])
                        .then(left.name_at.cmp(&right.name_at))
                };
                members[start..end].sort_unstable_by(by_rest);
            }
            start = end;
        }
    }

    /// How many bytes at the start all names have in common.
    fn shared_prefix(&self, members: &[Member]) -> usize {
        let first = self.text(&members[0].name).as_bytes();
        members.iter().fold(first.len(), |shared, member| {
            let name = self.text(&member.name).as_bytes();
            if name.starts_with(&first[..shared]) {
                return shared;
            }
            first.iter().zip(name).take_while(|(left, right)| left == right).count()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(left: &str, right: &str) -> Ordering {
        left.encode_utf16().cmp(right.encode_utf16())
    }

    #[test]
    fn names_sort_by_utf16_code_units() {
        let parts =
            ["", "a", "\0", "\u{7f}", "\u{80}", "\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{10000}", "\u{10ffff}", "key_0"];
        let mut names = Vec::new();
        for first in parts {
            for second in parts {
                for third in parts {
                    names.push(format!("{first}{second}{third}"));
                }
            }
        }
        let text: String = names.iter().map(|name| format!("\"{name}\"")).collect();
        let mut at = 0;
        let mut members: Vec<Member> = names
            .iter()
            .map(|name| {
                let end = at + name.len() + 2;
                let member =
                    Member { name: Name::written(&text, at, end), name_at: at as u32, written: Span::new(at, end) };
                at = end;
                member
            })
            .collect();
        let all = Names { text: &text, unescaped: "" };
        for few in members.chunks_mut(13) {
            all.sort(few);
            assert!(few.is_sorted_by(|left, right| utf16(all.text(&left.name), all.text(&right.name)).is_le()));
        }
        all.sort(&mut members);
        let sorted: Vec<&str> = members.iter().map(|member| all.text(&member.name)).collect();
        names.sort_by(|left, right| utf16(left, right));
        assert_eq!(sorted, names);
    }
}
