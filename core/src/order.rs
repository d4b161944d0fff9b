//! The order of member names: by UTF-16 code units, on UTF-8 text (RFC 8785, section 3.2.3).

use core::cmp::Ordering;
use core::ops::Range;

use crate::span::{OutSpan, Span};

/// A member's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// Orders like the name's first eight bytes, and decides nearly every comparison.
    ranks: u64,
    /// Where the name stands: in the text, or, with [`UNESCAPED`] on both ends, among the names whose escapes were
    /// resolved.
    span: Span,
}

/// Far beyond any position in a body. A flag of its own would make members a third larger.
const UNESCAPED: usize = 1 << 31;

/// Where a name stands.
enum NameRef {
    /// In the text.
    Written(Range<usize>),
    /// Among the names whose escapes were resolved.
    Unescaped(Range<usize>),
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: Name,
    /// Where its name stands in the body.
    pub(crate) name_at: usize,
    /// Where it stands in the canonical text.
    pub(crate) written: OutSpan,
}

impl Name {
    /// The name of the string token from `start` to `end` of the text, quotes included.
    #[inline]
    pub(crate) fn written(text: &str, start: usize, end: usize) -> Self {
        let ranks = ranks(&text.as_bytes()[start + 1..], end - start - 2);
        Self { ranks, span: Span::new(start + 1, end - 1) }
    }

    /// The name that starts at `start` and ends the resolved names.
    pub(crate) fn unescaped(unescaped: &str, start: usize) -> Self {
        let name = &unescaped.as_bytes()[start..];
        Self { ranks: ranks(name, name.len()), span: Span::new(UNESCAPED + start, UNESCAPED + unescaped.len()) }
    }

    #[inline(always)]
    fn place(&self) -> NameRef {
        let range = self.span.range();
        if range.start < UNESCAPED {
            NameRef::Written(range)
        } else {
            NameRef::Unescaped(range.start - UNESCAPED..range.end - UNESCAPED)
        }
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
        match name.place() {
            NameRef::Written(range) => &self.text[range],
            NameRef::Unescaped(range) => &self.unescaped[range],
        }
    }

    #[inline(always)]
    fn bytes(&self, name: &Name) -> &'t [u8] {
        match name.place() {
            NameRef::Written(range) => &self.text.as_bytes()[range],
            NameRef::Unescaped(range) => &self.unescaped.as_bytes()[range],
        }
    }

    #[inline(always)]
    pub(crate) fn compare(&self, left: &Name, right: &Name) -> Ordering {
        match left.ranks.cmp(&right.ranks) {
            Ordering::Equal => self.compare_rest(left, right),
            decided => decided,
        }
    }

    fn compare_rest(&self, left: &Name, right: &Name) -> Ordering {
        let (left, right) = (self.bytes(left), self.bytes(right));
        let same = 8.min(left.len()).min(right.len());
        let (left, right) = (&left[same..], &right[same..]);
        // The second eight bytes decide most of what is left, again at once.
        match ranks(left, left.len()).cmp(&ranks(right, right.len())) {
            Ordering::Equal => compare_bytes(left, right),
            decided => decided,
        }
    }

    /// The members' places in the order of their names. When names repeat, fails with the earliest member, in document
    /// order, whose name an earlier one has.
    pub(crate) fn order(&self, members: &[Member]) -> Result<Vec<u32>, Member> {
        // Names often begin alike; the eight bytes behind what all share tell most of them apart.
        let shared = self.shared_prefix(members);
        let mut keyed: Vec<(u64, u32)> = (0..)
            .zip(members)
            .map(|(place, member)| {
                let rest = &self.bytes(&member.name)[shared..];
                (ranks(rest, rest.len()), place)
            })
            .collect();
        keyed.sort_unstable_by_key(|(ranks, _)| *ranks);
        let mut order: Vec<u32> = keyed.iter().map(|(_, place)| *place).collect();

        let mut repeated: Option<Member> = None;
        let mut start = 0;
        for alike in keyed.chunk_by(|left, right| left.0 == right.0) {
            let end = start + alike.len();
            if alike.len() > 1 {
                let rest = |place: &u32| &self.bytes(&members[*place as usize].name)[shared..];
                order[start..end]
                    .sort_unstable_by(|left, right| compare_bytes(rest(left), rest(right)).then(left.cmp(right)));
                let repeats = order[start..end].windows(2).filter(|pair| rest(&pair[0]) == rest(&pair[1]));
                let earliest = repeats.map(|pair| members[pair[1] as usize]).chain(repeated);
                repeated = earliest.min_by_key(|member| member.name_at);
            }
            start = end;
        }
        repeated.map_or(Ok(order), Err)
    }

    /// Sorts a few members by name; fails like [`Names::order`].
    pub(crate) fn sort_few(&self, members: &mut [Member]) -> Result<(), Member> {
        // Insertion sort: no allocation, and stable, so equal names stay in document order. The standard library's stable sort takes
        // 0.2 % more instructions for an event and half a kilobyte more of WebAssembly, gzipped.
        let mut repeated: Option<Member> = None;
        for sorted in 1..members.len() {
            let member = members[sorted];
            let mut place = sorted;
            while place > 0 {
                match self.compare(&member.name, &members[place - 1].name) {
                    Ordering::Less => members[place] = members[place - 1],
                    Ordering::Equal => {
                        repeated = repeated.or(Some(member));
                        break;
                    }
                    Ordering::Greater => break,
                }
                place -= 1;
            }
            members[place] = member;
        }
        repeated.map_or(Ok(()), Err)
    }

    /// How many bytes at the start all names have in common.
    fn shared_prefix(&self, members: &[Member]) -> usize {
        let Some(first) = members.first() else { return 0 };
        let first = self.bytes(&first.name);
        members.iter().fold(first.len(), |shared, member| {
            let name = self.bytes(&member.name);
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
    use crate::span::OutPos;

    const PARTS: [&str; 11] =
        ["", "a", "\0", "\u{7f}", "\u{80}", "\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{10000}", "\u{10ffff}", "key_0"];

    /// All texts of three parts, each once, in an order of no meaning.
    fn names() -> Vec<String> {
        let mut names = Vec::new();
        for number in 0..PARTS.len().pow(3) {
            let part = |place: u32| PARTS[number * 7 / PARTS.len().pow(place) % PARTS.len()];
            let name = [part(0), part(1), part(2)].concat();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn members(names: &[String]) -> (String, Vec<Member>) {
        let mut text = String::new();
        let members = names.iter().map(|name| {
            let at = text.len();
            text.push_str(&format!("\"{name}\""));
            (at, text.len())
        });
        let places: Vec<(usize, usize)> = members.collect();
        let member = |(at, end): (usize, usize)| Member {
            name: Name::written(&text, at, end),
            name_at: at,
            written: OutSpan { start: OutPos::new(at), end: OutPos::new(end) },
        };
        let members = places.into_iter().map(member).collect();
        (text, members)
    }

    fn utf16(left: &&str, right: &&str) -> Ordering {
        left.encode_utf16().cmp(right.encode_utf16())
    }

    #[test]
    fn names_sort_by_utf16_code_units() {
        let names = names();
        let (text, mut members) = members(&names);
        let all = Names { text: &text, unescaped: "" };
        let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
        expected.sort_by(utf16);

        let order = all.order(&members).unwrap();
        let sorted: Vec<&str> = order.iter().map(|place| all.text(&members[*place as usize].name)).collect();
        assert_eq!(sorted, expected);

        all.sort_few(&mut members).unwrap();
        let sorted: Vec<&str> = members.iter().map(|member| all.text(&member.name)).collect();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn the_earliest_repeated_name_is_told() {
        let mut names = names();
        names.extend(["b", "key_0", "b", "a", "b"].map(str::to_owned));
        let (text, mut members) = members(&names);
        let all = Names { text: &text, unescaped: "" };
        let key_0 = members[members.len() - 4].name_at;
        assert_eq!(all.order(&members).unwrap_err().name_at, key_0);
        assert_eq!(all.sort_few(&mut members).unwrap_err().name_at, key_0);
    }
}
