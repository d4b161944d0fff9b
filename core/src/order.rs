//! The order of member names: by UTF-16 code units, on UTF-8 text (RFC 8785, section 3.2.3).

use core::cmp::Ordering;
use core::ops::Range;

/// Where a member's name stands: in the text, or among the names whose escapes were resolved.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    Written(Range<usize>),
    Unescaped(Range<usize>),
}

/// UTF-8 bytes sort like code points. UTF-16 differs in one thing: U+E000–U+FFFF, whose first bytes are EE and EF, come
/// after the surrogate pairs of F0–F4.
#[inline]
fn rank(byte: u8) -> u8 {
    if byte & 0xfe == 0xee { byte | 0x10 } else { byte }
}

#[inline]
pub(crate) fn compare_names(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => rank(*left).cmp(&rank(*right)),
        None => left.len().cmp(&right.len()),
    }
}

/// The members' indices in the order of their names, equal names in document order.
pub(crate) fn sort_by_name<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> Vec<u32> {
    const FEW: usize = 24;
    let by_name =
        |left: u32, right: u32| compare_names(name(left as usize), name(right as usize)).then(left.cmp(&right));
    if count <= FEW {
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_unstable_by(|left, right| by_name(*left, *right));
        return order;
    }
    // Eight bytes behind what all names share decide nearly every comparison without a look at the text.
    let shared = shared_prefix(count, &name);
    let mut keyed: Vec<(u64, u32)> =
        (0..count as u32).map(|index| (eight_ranks(&name(index as usize).as_bytes()[shared..]), index)).collect();
    keyed.sort_unstable_by(|left, right| left.0.cmp(&right.0).then_with(|| by_name(left.1, right.1)));
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// How many bytes at the start all names have in common.
fn shared_prefix<'a>(count: usize, name: &impl Fn(usize) -> &'a str) -> usize {
    let first = name(0).as_bytes();
    (1..count).fold(first.len(), |shared, index| {
        first[..shared].iter().zip(name(index).as_bytes()).take_while(|(left, right)| left == right).count()
    })
}

/// The first eight bytes as a number that orders like the names; shorter names are filled up with zeros.
#[inline]
fn eight_ranks(bytes: &[u8]) -> u64 {
    let mut ranks = [0; 8];
    for (place, byte) in ranks.iter_mut().zip(bytes) {
        *place = rank(*byte);
    }
    u64::from_be_bytes(ranks)
}

/// The earliest index, in document order, whose name an earlier one has. `order` is that of [`sort_by_name`].
pub(crate) fn first_repeated<'a>(order: &[u32], name: impl Fn(usize) -> &'a str) -> Option<usize> {
    let repeats = order.windows(2).filter(|pair| name(pair[0] as usize) == name(pair[1] as usize));
    repeats.map(|pair| pair[1] as usize).min()
}
