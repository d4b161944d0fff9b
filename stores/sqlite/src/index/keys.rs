//! The keys by which occurrences are found.
//!
//! A key is the number of its question and some integers, each with as many bytes as its values need, so that keys sort as
//! the question does. Hash prefixes and interned names stand for texts. A prefix may be shared, so each reader compares the
//! whole value in the row that it leads to.

use crate::index::occurrence::{Kind, Occurrence, id_prefix_digits};
use crate::index::tree::{Filtered, Key};

/// An integer of a key.
#[derive(Debug, Clone, Copy)]
struct Column {
    bytes: usize,
    is_signed: bool,
}

const fn signed(bytes: usize) -> Column {
    Column { bytes, is_signed: true }
}

const fn unsigned(bytes: usize) -> Column {
    Column { bytes, is_signed: false }
}

/// The file ends at 2^44 bytes, before the number of its rows can.
const SEQ: Column = unsigned(5);
const KIND: Column = unsigned(1);
const PREFIX: Column = signed(6);
const MILLISECONDS: Column = signed(8);
/// The seconds of 9,999 years.
const SECONDS: Column = signed(5);
const NANOSECONDS: Column = unsigned(4);
const DAY: Column = signed(4);
const STREAM: Column = unsigned(4);

impl Column {
    fn least(self) -> i64 {
        if self.is_signed { i64::MIN >> (64 - 8 * self.bytes) } else { 0 }
    }

    fn greatest(self) -> i64 {
        let bits = 8 * self.bytes - usize::from(self.is_signed);
        i64::MAX >> (63 - bits)
    }

    // INVARIANT: the difference to the least value fits into the column's bytes.
    fn write(self, value: i64, place: &mut [u8]) {
        let value = value.clamp(self.least(), self.greatest());
        let offset = value.wrapping_sub(self.least()) as u64;
        place.copy_from_slice(&offset.to_be_bytes()[8 - self.bytes..]);
    }

    fn read(self, place: &[u8]) -> i64 {
        let offset = place.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (offset as i64).wrapping_add(self.least())
    }
}

/// The keys of one question.
#[derive(Debug)]
pub(crate) struct Layout<const N: usize> {
    tag: u8,
    columns: [Column; N],
}

impl<const N: usize> Layout<N> {
    /// The key of some numbers. One that is out of its column's range, as the bound of a range may be, becomes the nearest one
    /// within.
    pub(crate) fn key(&self, numbers: &[i64; N]) -> Key {
        self.prefix(numbers)
    }

    /// The start that all keys with these first numbers have.
    pub(crate) fn prefix(&self, numbers: &[i64]) -> Key {
        let (mut bytes, mut end) = ([0; Key::MAX], 1);
        bytes[0] = self.tag;
        for (column, number) in self.columns.iter().zip(numbers) {
            column.write(*number, &mut bytes[end..end + column.bytes]);
            end += column.bytes;
        }
        Key::new(&bytes[..end])
    }

    /// The numbers of a key.
    pub(crate) fn numbers(&self, key: &Key) -> [i64; N] {
        let bytes = key.padded();
        let mut at = 1;
        self.columns.map(|column| {
            at += column.bytes;
            column.read(&bytes[at - column.bytes..at])
        })
    }
}

/// First occurrences by the start of their id, and their seq: what decides between first and later.
pub(crate) const BY_ID: Layout<2> = Layout { tag: 1, columns: [PREFIX, SEQ] };
/// Later occurrences by the seq of the first, and their own.
pub(crate) const BY_FIRST: Layout<2> = Layout { tag: 2, columns: [SEQ, SEQ] };
/// One entity through time: the start of its hash, kind, event time, the start of the id, seq.
pub(crate) const BY_ENTITY: Layout<6> = Layout { tag: 3, columns: [PREFIX, KIND, SECONDS, NANOSECONDS, PREFIX, SEQ] };
/// The first occurrences of a type and day, the latest arrivals first: stream, day, minus the lag, seq.
pub(crate) const BY_LAG: Layout<4> = Layout { tag: 4, columns: [STREAM, DAY, MILLISECONDS, SEQ] };
/// What arrived in a window: kind, ingest time, seq.
pub(crate) const BY_INGEST: Layout<3> = Layout { tag: 5, columns: [KIND, MILLISECONDS, SEQ] };

/// Everything by when it happened: event time, seq, kind, stream. A reader leaves out by kind and stream what it is not asked for
/// without looking at a row.
pub(crate) const BY_TIME: Layout<5> = Layout { tag: 6, columns: [SECONDS, NANOSECONDS, SEQ, KIND, STREAM] };

/// Keys by id have a Bloom filter, by the start of the id: nearly every event is new, and its id is looked up.
pub(crate) const FILTERED: Filtered = Filtered { tag: BY_ID.tag, bytes: 7 };

/// The most keys that an occurrence has.
pub(crate) const MOST: usize = 5;

/// All keys of an occurrence.
pub(crate) fn of(at: &Occurrence) -> impl Iterator<Item = Key> + use<> {
    let (seconds, nanoseconds) = (at.event_time.unix_seconds(), i64::from(at.event_time.subsecond_nanoseconds()));
    let kind = at.kind.number();
    let by_entity = BY_ENTITY.key(&[at.entity_prefix, kind, seconds, nanoseconds, at.id_prefix, at.seq]);
    let by_ingest = BY_INGEST.key(&[kind, at.ingest_time.unix_ms(), at.seq]);
    let own = match at.kind {
        Kind::First => [
            Some(BY_ID.key(&[at.id_prefix, at.seq])),
            Some(BY_LAG.key(&[at.stream, at.event_day(), -at.lag_ms(), at.seq])),
        ],
        Kind::Later { first } => [Some(BY_FIRST.key(&[first, at.seq])), None],
    };
    [by_entity, by_ingest, by_time(at)].into_iter().chain(own.into_iter().flatten())
}

/// The one key of an occurrence that files before version 5 have not.
pub(crate) fn by_time(at: &Occurrence) -> Key {
    let (seconds, nanoseconds) = (at.event_time.unix_seconds(), i64::from(at.event_time.subsecond_nanoseconds()));
    BY_TIME.key(&[seconds, nanoseconds, at.seq, at.kind.number(), at.stream])
}

/// The number of the record that a key leads to; `None` for a key of no question.
pub(crate) fn seq_of(key: &Key) -> Option<i64> {
    let tag = key.padded()[0];
    if tag == BY_ID.tag {
        Some(BY_ID.numbers(key)[1])
    } else if tag == BY_FIRST.tag {
        Some(BY_FIRST.numbers(key)[1])
    } else if tag == BY_ENTITY.tag {
        Some(BY_ENTITY.numbers(key)[5])
    } else if tag == BY_LAG.tag {
        Some(BY_LAG.numbers(key)[3])
    } else if tag == BY_INGEST.tag {
        Some(BY_INGEST.numbers(key)[2])
    } else if tag == BY_TIME.tag {
        Some(BY_TIME.numbers(key)[2])
    } else {
        None
    }
}

/// The first twelve digits of the event_id that a key by id was made of; `None` for another key.
pub(crate) fn id_start(key: &Key) -> Option<String> {
    (key.padded()[0] == BY_ID.tag).then(|| id_prefix_digits(BY_ID.numbers(key)[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [i64; 9] = [i64::MIN, -(1 << 39), -1, 0, 1, 255, 256, (1 << 39) - 1, i64::MAX];

    #[test]
    fn columns_keep_their_order_and_their_values() {
        for column in [SEQ, KIND, PREFIX, MILLISECONDS, SECONDS, NANOSECONDS, DAY, STREAM] {
            let written = NUMBERS.map(|number| {
                let mut bytes = vec![0; column.bytes];
                column.write(number, &mut bytes);
                let within = number.clamp(column.least(), column.greatest());
                assert_eq!(column.read(&bytes), within, "{column:?} {number}");
                bytes
            });
            assert!(written.is_sorted(), "{column:?}");
        }
    }

    #[test]
    fn columns_hold_what_the_contract_allows() {
        let (first, last) = (-62_135_596_800, 253_402_300_799);
        for (column, values) in [
            (SECONDS, [first, last]),
            (MILLISECONDS, [first * 1_000 - last * 1_000, last * 1_000 - first * 1_000]),
            (DAY, [first / 86_400, last / 86_400]),
            (NANOSECONDS, [0, 999_999_999]),
            (PREFIX, [-(1 << 47), (1 << 47) - 1]),
        ] {
            assert!(values.iter().all(|value| (column.least()..=column.greatest()).contains(value)), "{column:?}");
        }
    }

    #[test]
    fn numbers_are_read_back() {
        let numbers = [-5, 1, -62_135_596_800, 999_999_999, (1 << 47) - 1, 1 << 39];
        assert_eq!(BY_ENTITY.numbers(&BY_ENTITY.key(&numbers)), numbers);
        assert!(BY_ENTITY.key(&numbers).starts_with(&BY_ENTITY.prefix(&numbers[..3])));
    }
}
