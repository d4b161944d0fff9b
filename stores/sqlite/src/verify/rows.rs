//! Every record, by its number, so that one that cannot be read does not hide those behind it.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use pik_core::{CONTRACT, Event, EventId, Finding, IngestTime, Notice, PayloadHash, RawKey};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::db::checksum::{self, EventRow};
use crate::db::rows::{read_event_time, read_ingest_time};
use crate::index::occurrence::{Kind, Occurrence, entity_prefix, id_prefix};

/// Records looked into between two notices.
const NOTICE: usize = 1_000;

const EVENT: &str = "
    SELECT stream, event_seconds, event_nanoseconds, ingest_ms, event_id, payload_hash, entity_id, receipt, contract, raw";
const DUPLICATE: &str = "SELECT first, ingest_ms, receipt";

/// Goes through the records.
pub(super) struct Walk<'c> {
    connection: &'c Connection,
    event: String,
    duplicate: String,
    streams: HashMap<i64, (String, String)>,
    /// The last record there is, or was.
    pub(super) last: i64,
    /// Records of which nothing is left but, perhaps, keys in the indexes.
    pub(super) lost: Vec<RangeInclusive<i64>>,
    pub(super) newest: Option<IngestTime>,
    pub(super) without_checksum: u64,
}

impl<'c> Walk<'c> {
    pub(super) fn new(connection: &'c Connection, has_checksums: bool) -> Self {
        let checksum = if has_checksums { "checksum" } else { "0" };
        Self {
            connection,
            event: format!("{EVENT}, {checksum} FROM event WHERE seq = ?1"),
            duplicate: format!("{DUPLICATE}, {checksum} FROM duplicate WHERE seq = ?1"),
            streams: HashMap::new(),
            last: last(connection),
            lost: Vec::new(),
            newest: None,
            without_checksum: 0,
        }
    }

    /// Looks into every record, and tells.
    pub(super) fn run(&mut self, tell: &mut impl FnMut(Notice)) {
        self.read_streams(tell);
        let (mut records, mut objects) = (0, 0);
        let mut lost: Option<(RangeInclusive<i64>, String)> = None;
        for seq in 1..=self.last {
            match self.look(seq, tell) {
                Ok(Some(kind)) => {
                    records += 1;
                    objects += usize::from(kind == Kind::First);
                    tell_lost(&mut self.lost, lost.take(), tell);
                }
                Ok(None) => lost = self.add_lost(lost, seq, "there is no such row".to_owned(), tell),
                Err(error) => lost = self.add_lost(lost, seq, error.to_string(), tell),
            }
            if records >= NOTICE {
                tell(Notice::Records(std::mem::take(&mut records)));
                tell(Notice::Objects(std::mem::take(&mut objects)));
            }
        }
        tell_lost(&mut self.lost, lost, tell);
        tell(Notice::Records(records));
        tell(Notice::Objects(objects));
    }

    fn add_lost(
        &mut self,
        lost: Option<(RangeInclusive<i64>, String)>,
        seq: i64,
        reason: String,
        tell: &mut impl FnMut(Notice),
    ) -> Option<(RangeInclusive<i64>, String)> {
        match lost {
            Some((range, before)) if before == reason => Some((*range.start()..=seq, reason)),
            other => {
                tell_lost(&mut self.lost, other, tell);
                Some((seq..=seq, reason))
            }
        }
    }

    fn read_streams(&mut self, tell: &mut impl FnMut(Notice)) {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare("SELECT stream, source, event_type FROM stream")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                self.streams.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
            }
            Ok(())
        };
        if let Err(error) = read() {
            tell(damaged("sources and types", error.to_string()));
        }
    }

    /// The record of a number, looked into; `None` when there is none.
    fn look(&mut self, seq: i64, tell: &mut impl FnMut(Notice)) -> rusqlite::Result<Option<Kind>> {
        let connection = self.connection;
        let read = |row: &Row<'_>| Ok(self.read_event(seq, row));
        // An error of one table must not hide the row in the other.
        let event = connection.prepare_cached(&self.event)?.query_row([seq], read).optional();
        if let Ok(Some(found)) = event {
            match found {
                Ok(found) => self.check_event(seq, found, tell),
                Err(reason) => tell(unreadable(seq, &reason)),
            }
            return Ok(Some(Kind::First));
        }
        let read = |row: &Row<'_>| {
            let later = (|| Ok((row.get(0)?, read_ingest_time(row, 1)?, row.get(2)?, row.get(3)?)))();
            Ok(later.map_err(|error: rusqlite::Error| error.to_string()))
        };
        let duplicate = connection.prepare_cached(&self.duplicate)?.query_row([seq], read).optional();
        if let Ok(Some(found)) = duplicate {
            let kind = match &found {
                Ok((first, ..)) => Kind::Later { first: *first },
                Err(_) => Kind::Later { first: 0 },
            };
            match found {
                Ok(later) => self.check_duplicate(seq, later, tell),
                Err(reason) => tell(unreadable(seq, &reason)),
            }
            return Ok(Some(kind));
        }
        event.map(drop)?;
        duplicate.map(drop)?;
        Ok(None)
    }

    fn read_event(&self, seq: i64, row: &Row<'_>) -> Result<Found, String> {
        let read = || -> rusqlite::Result<Found> {
            let stream: i64 = row.get(0)?;
            let occurrence = Occurrence {
                seq,
                kind: Kind::First,
                stream,
                event_time: read_event_time(row, 1)?,
                ingest_time: read_ingest_time(row, 3)?,
                id_prefix: id_prefix(&EventId::from_bytes(row.get(4)?)),
                entity_prefix: entity_prefix(row.get_ref(6)?.as_str()?),
            };
            Ok(Found {
                occurrence,
                event_id: EventId::from_bytes(row.get(4)?),
                payload_hash: PayloadHash::from_bytes(row.get(5)?),
                entity_id: row.get(6)?,
                receipt: row.get(7)?,
                contract: row.get(8)?,
                raw: row.get(9)?,
                checksum: row.get(10)?,
            })
        };
        read().map_err(|error| error.to_string())
    }

    fn check_event(&mut self, seq: i64, found: Found, tell: &mut impl FnMut(Notice)) {
        let Found { occurrence: at, event_id, payload_hash, entity_id, receipt, contract, raw, checksum } = found;
        self.newest = self.newest.max(Some(at.ingest_time));
        let row = EventRow {
            seq,
            stream: at.stream,
            event_time: at.event_time,
            ingest_time: at.ingest_time,
            event_id: event_id.as_bytes(),
            payload_hash: payload_hash.as_bytes(),
            entity_id: &entity_id,
            receipt: &receipt,
            contract,
        };
        self.check_sum(seq, row.checksum(), checksum, tell);
        let Some((source, event_type)) = self.streams.get(&at.stream) else {
            tell(unreadable(seq, &format!("source and type number {} is missing", at.stream)));
            return;
        };
        let id = EventId::of(source, event_type, &entity_id, &at.event_time, &payload_hash);
        if id != event_id || contract != CONTRACT {
            tell(Notice::Found(Finding::WrongRecord { event_id }));
        }
        let reason = match Event::parse(&raw) {
            Ok(event) if *event.id() == event_id => return,
            Ok(event) => format!("it is the event {}", event.id()),
            Err(_) => "it is not an event".to_owned(),
        };
        let raw_key = RawKey::of(source, event_type, &at.event_time, at.ingest_time, &event_id);
        tell(Notice::Found(Finding::WrongObject { raw_key, reason }));
    }

    fn check_duplicate(
        &mut self,
        seq: i64,
        (first, ingest_time, receipt, checksum): (i64, IngestTime, String, i64),
        tell: &mut impl FnMut(Notice),
    ) {
        self.newest = self.newest.max(Some(ingest_time));
        self.check_sum(seq, checksum::of_duplicate(seq, first, ingest_time, &receipt), checksum, tell);
        let read = |row: &Row<'_>| row.get::<_, [u8; 32]>(0);
        let mut event = match self.connection.prepare_cached("SELECT event_id FROM event WHERE seq = ?1") {
            Ok(statement) => statement,
            Err(error) => return tell(unreadable(seq, &error.to_string())),
        };
        match event.query_row([first], read).optional() {
            Ok(Some(_)) => {}
            Ok(None) => tell(unreadable(seq, &format!("its first occurrence, record {first}, is missing"))),
            Err(error) => tell(unreadable(seq, &format!("its first occurrence, record {first}: {error}"))),
        }
    }

    fn check_sum(&mut self, seq: i64, computed: i64, stored: i64, tell: &mut impl FnMut(Notice)) {
        if stored == checksum::NONE {
            self.without_checksum += 1;
        } else if stored != computed {
            tell(damaged(
                &format!("record {seq}"),
                "it does not have its checksum: a value of it was changed".to_owned(),
            ));
        }
    }

    /// Every occurrence from one number to another that can be read, for the indexes.
    pub(super) fn occurrences(&self, range: RangeInclusive<i64>, mut each: impl FnMut(Occurrence)) {
        let (mut from, to) = (*range.start(), *range.end());
        for lost in self.lost.iter().chain([&(to + 1..=to + 1)]) {
            if *lost.end() < from || from > to {
                continue;
            }
            let until = to.min(lost.start() - 1);
            self.between(from, until, &mut each);
            from = lost.end() + 1;
        }
    }

    // A step of its own for each record where a step over several fails.
    fn between(&self, from: i64, to: i64, each: &mut impl FnMut(Occurrence)) {
        if from > to {
            return;
        }
        let mut read = Vec::new();
        if Occurrence::between(self.connection, from - 1, to, |at| read.push(at)).is_ok() {
            read.into_iter().for_each(each);
        } else if from < to {
            let middle = from + (to - from) / 2;
            self.between(from, middle, each);
            self.between(middle + 1, to, each);
        }
    }
}

/// A first occurrence as it was read.
struct Found {
    occurrence: Occurrence,
    event_id: EventId,
    payload_hash: PayloadHash,
    entity_id: String,
    receipt: String,
    contract: u8,
    raw: Vec<u8>,
    checksum: i64,
}

/// The greatest number that any part of the file names.
fn last(connection: &Connection) -> i64 {
    let numbers =
        ["SELECT max(seq) FROM event", "SELECT max(seq) FROM duplicate", "SELECT max(complete_to) FROM indexed"];
    let read = |select: &&str| connection.query_row(select, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten();
    // A damaged number must not make the walk endless.
    let most = connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap_or(0) * 1_000;
    numbers.iter().filter_map(read).filter(|last| *last <= most).max().unwrap_or(0)
}

fn tell_lost(
    all: &mut Vec<RangeInclusive<i64>>,
    lost: Option<(RangeInclusive<i64>, String)>,
    tell: &mut impl FnMut(Notice),
) {
    if let Some((range, reason)) = lost {
        let part = match (range.start(), range.end()) {
            (start, end) if start == end => format!("record {start}"),
            (start, end) => format!("records {start} to {end}"),
        };
        tell(damaged(&part, format!("lost: {reason}")));
        all.push(range);
    }
}

fn unreadable(seq: i64, reason: &str) -> Notice {
    Notice::Found(Finding::UnreadableRecord { reason: format!("record {seq}: {reason}") })
}

fn damaged(part: &str, reason: String) -> Notice {
    Notice::Found(Finding::Damaged { part: part.to_owned(), reason })
}
