//! The walk through a store that looks for what should not be: each damage is told as what it is, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test all through, outside its test functions too")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::FutureExt;
use pik_core::{
    Commit, Event, EventId, Filed, Finding, IngestTime, Inventory, Notice, Page, Position, RawKey, Receipt, Record,
    Status, StoreError, Submission, Verification, verify,
};

/// Pages end within what is looked into at once, and behind it.
const PAGE: usize = 50;

struct Shelf {
    records: Vec<Filed>,
    objects: BTreeMap<String, Bytes>,
    finished: Mutex<Vec<Record>>,
    finish: Commit,
}

fn page<T: Clone>(all: &[T], from: Option<&Position>) -> Page<T> {
    let from: usize = from.map_or(0, |from| from.as_str().parse().unwrap());
    let end = all.len().min(from + PAGE);
    Page { items: all[from..end].to_vec(), next: (end < all.len()).then(|| Position::new(end.to_string())) }
}

impl Inventory for Shelf {
    async fn records(&self, from: Option<&Position>) -> Result<Page<Filed>, StoreError> {
        Ok(page(&self.records, from))
    }

    async fn objects(&self, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        Ok(page(&self.objects.keys().cloned().collect::<Vec<_>>(), from))
    }

    async fn firsts(&self, ids: &[EventId]) -> Result<Vec<Option<Filed>>, StoreError> {
        let first = |id: &EventId| {
            let mut records = self.records.iter().flatten();
            records.find(|record| record.event_id == *id && record.status != Status::Duplicate).cloned().map(Ok)
        };
        Ok(ids.iter().map(first).collect())
    }

    async fn sizes(&self, keys: &[RawKey]) -> Result<Vec<Option<u64>>, StoreError> {
        let size = |key: &RawKey| self.objects.get(key.as_str()).map(|raw| raw.len() as u64);
        Ok(keys.iter().map(size).collect())
    }

    async fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Bytes>>, StoreError> {
        Ok(keys.iter().map(|key| self.objects.get(key.as_str()).cloned()).collect())
    }

    async fn finish(&self, record: &Record) -> Result<Commit, StoreError> {
        self.finished.lock().unwrap().push(record.clone());
        Ok(self.finish.clone())
    }
}

fn submission(number: usize, arrived: &str) -> Submission {
    let raw = format!(
        r#"{{"source":"a","event_type":"b","entity_id":"{number}","event_time":"2025-12-28T23:59:59Z","payload":{number}}}"#
    );
    let event = Event::parse(raw.as_bytes()).unwrap();
    Submission::new(&event, arrived.parse().unwrap(), Receipt::new("req", number as u64, 0))
}

/// A store with 120 events, of which every fourth came again the next day.
fn shelf() -> Shelf {
    let (mut records, mut objects) = (Vec::new(), BTreeMap::new());
    for number in 0..120 {
        let first = submission(number, "2025-12-29T20:15:35.580Z");
        let record = Record { status: Status::Accepted, ..first.claim("bucket") };
        objects.insert(first.raw_key.to_string(), first.raw.clone());
        records.push(Ok(record.clone()));
        if number % 4 == 0 {
            records.push(Ok(submission(number, "2025-12-30T20:15:35.580Z").duplicate_of(&record)));
        }
    }
    Shelf { records, objects, finished: Mutex::default(), finish: Commit::Done }
}

fn how(repair: bool) -> Verification {
    let pending_before: IngestTime = "2025-12-31T00:00:00.000Z".parse().unwrap();
    Verification { pending_before, repair: repair.then(|| Receipt::new("repair", 0, 0)) }
}

fn notices(shelf: &Shelf, how: &Verification) -> Vec<Notice> {
    let mut notices = Vec::new();
    verify(shelf, how, |notice| notices.push(notice)).now_or_never().unwrap().unwrap();
    notices
}

fn findings(shelf: &Shelf) -> Vec<Finding> {
    let found = |notice| if let Notice::Found(finding) = notice { Some(finding) } else { None };
    notices(shelf, &how(false)).into_iter().filter_map(found).collect()
}

/// The first event, and changes to its record that leave the rest of the store as it is.
fn with_record(change: impl FnOnce(&mut Record)) -> (Shelf, Record) {
    let mut shelf = shelf();
    let before = shelf.records[2].clone().unwrap();
    let mut record = before.clone();
    change(&mut record);
    shelf.records[2] = Ok(record);
    (shelf, before)
}

#[test]
fn a_store_without_damage_is_walked_to_its_end() {
    let (mut records, mut objects) = (Vec::new(), Vec::new());
    for notice in notices(&shelf(), &how(true)) {
        match notice {
            Notice::Records(count) => records.push(count),
            Notice::Objects(count) => objects.push(count),
            Notice::Found(finding) => panic!("{finding}"),
            Notice::Repaired(record) => panic!("{record:?}"),
        }
    }
    assert_eq!((records.iter().sum::<usize>(), objects.iter().sum::<usize>()), (150, 120));
    assert!(records.iter().chain(&objects).all(|count| *count <= 32), "{records:?} {objects:?}");
}

#[test]
fn a_record_whose_members_disagree_is_wrong() {
    let other = submission(7, "2025-12-29T20:15:35.580Z");
    let key = |change: fn(&mut Submission)| {
        let mut submission = submission(1, "2025-12-29T20:15:35.580Z");
        change(&mut submission);
        let Submission { source, event_type, event_time, ingest_time, event_id, .. } = submission;
        RawKey::of(&source, &event_type, &event_time, ingest_time, &event_id)
    };
    let arrived = "2025-12-30T20:15:35.580Z".parse().unwrap();
    type Change = Box<dyn FnOnce(&mut Record)>;
    let changes: Vec<Change> = vec![
        Box::new(|record| record.entity_id.push('x')),
        Box::new(|record| record.ingest_lag_ms += 1),
        Box::new(move |record| record.raw_key = other.raw_key),
        Box::new(move |record| record.raw_key = key(|other| other.source.push('x'))),
        Box::new(move |record| record.raw_key = key(|other| other.event_type.push('x'))),
        Box::new(move |record| {
            record.raw_key = key(|other| other.event_time = "2025-12-27T23:00:00Z".parse().unwrap())
        }),
        Box::new(move |record| {
            record.raw_key = key(|other| other.event_time = "2025-12-28T22:00:00Z".parse().unwrap())
        }),
        Box::new(move |record| {
            record.ingest_lag_ms += 86_400_000;
            record.ingest_time = arrived;
        }),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let (shelf, before) = with_record(change);
        let found = findings(&shelf);
        assert_eq!(found[0], Finding::WrongRecord { event_id: before.event_id }, "change {nth}");
        let text = format!("wrong record: {} is not the id of what it holds", before.event_id);
        assert_eq!(found[0].to_string(), text);
    }
}

#[test]
fn what_an_accepted_record_lacks_is_told() {
    let (mut gone, Record { event_id, raw_key, raw_size, .. }) = with_record(|_| ());
    gone.objects.remove(raw_key.as_str());
    assert_eq!(findings(&gone), [Finding::MissingObject { event_id, raw_key: raw_key.clone() }]);
    assert_eq!(
        findings(&gone)[0].to_string(),
        format!("missing object: {event_id} is ACCEPTED and {raw_key} is not there")
    );

    let (other_size, _) = with_record(|record| record.raw_size += 1);
    let recorded = raw_size + 1;
    assert_eq!(
        findings(&other_size),
        [Finding::WrongSize { event_id, raw_key: raw_key.clone(), recorded, stored: raw_size }]
    );
    let text = format!("wrong size: {raw_key} has {raw_size} bytes, its record says {recorded}");
    assert_eq!(findings(&other_size)[0].to_string(), text);

    let mut unreadable = shelf();
    unreadable.records.push(Err("row 9".to_owned()));
    assert_eq!(findings(&unreadable), [Finding::UnreadableRecord { reason: "row 9".to_owned() }]);
    assert_eq!(findings(&unreadable)[0].to_string(), "unreadable record: row 9");
}

#[test]
fn a_duplicate_needs_its_first() {
    let first_of = |shelf: &Shelf| shelf.records[0].clone().unwrap();
    let duplicate = shelf().records[1].clone().unwrap();
    let (event_id, receipt) = (duplicate.event_id, duplicate.receipt);
    let told = [Finding::DuplicateWithoutFirst { event_id, receipt: receipt.clone() }];

    let mut none = shelf();
    let raw_key = first_of(&none).raw_key;
    drop(none.records.remove(0));
    none.objects.remove(raw_key.as_str());
    assert_eq!(findings(&none), told);
    let text = format!("duplicate without first: {event_id} has the DUPLICATE {receipt} and no ACCEPTED record for it");
    assert_eq!(findings(&none)[0].to_string(), text);

    let mut pending = shelf();
    let young = "2026-01-01T00:00:00.000Z".parse().unwrap();
    let mut submission = submission(0, "2025-12-29T20:15:35.580Z");
    submission.restamp(young);
    pending.objects.remove(raw_key.as_str());
    pending.records[0] = Ok(submission.claim("bucket"));
    assert_eq!(findings(&pending), told);

    let mut moved = shelf();
    let Record { source, event_type, event_time, ingest_time, .. } = first_of(&moved);
    let next_day = IngestTime::from_unix_ms(ingest_time.unix_ms() + 86_400_000).unwrap();
    let other_key = RawKey::of(&source, &event_type, &event_time, next_day, &event_id);
    if let Ok(record) = &mut moved.records[1] {
        record.raw_key = other_key;
    }
    assert_eq!(findings(&moved), told);
}

#[test]
fn a_claim_that_was_not_finished_is_told_once_it_is_old_and_finished_on_request() {
    let (mut shelf, first) = with_record(|record| {
        record.status = Status::Pending;
        // Claimed with another spelling than the one that is stored.
        record.raw_size += 1;
    });
    let Record { event_id, raw_key, ingest_time, .. } = first.clone();
    let pending = |has_object| Finding::Pending { event_id, raw_key: raw_key.clone(), ingest_time, has_object };
    assert_eq!(findings(&shelf), [pending(true)]);
    let text = format!("pending: {event_id} since {ingest_time}; {raw_key} is there, a repair finishes it");
    assert_eq!(findings(&shelf)[0].to_string(), text);

    // Exactly as old as a claim under way may be.
    let young = Verification { pending_before: ingest_time, repair: None };
    let told = notices(&shelf, &young);
    assert!(!told.iter().any(|notice| matches!(notice, Notice::Found(_))), "{told:?}");

    let repaired = Record { status: Status::Accepted, receipt: Receipt::new("repair", 0, 0), ..first };
    let told = |shelf: &Shelf| -> Vec<Notice> {
        let counts = |notice: &Notice| matches!(notice, Notice::Records(_) | Notice::Objects(_));
        notices(shelf, &how(true)).into_iter().filter(|notice| !counts(notice)).collect()
    };
    assert_eq!(told(&shelf), [Notice::Repaired(repaired.clone())]);
    assert_eq!(*shelf.finished.lock().unwrap(), std::slice::from_ref(&repaired));

    // Another came first.
    shelf.finish = Commit::Already(repaired.receipt);
    assert_eq!(told(&shelf), []);

    // What is damaged is not finished.
    shelf.objects.insert(raw_key.to_string(), Bytes::from_static(b"{}"));
    shelf.finished.lock().unwrap().clear();
    let damaged = Finding::WrongObject { raw_key: raw_key.clone(), reason: "it is not an event".to_owned() };
    assert_eq!(told(&shelf), [Notice::Found(pending(true)), Notice::Found(damaged)]);
    shelf.objects.remove(raw_key.as_str());
    assert_eq!(told(&shelf), [Notice::Found(pending(false))]);
    let text = format!("pending: {event_id} since {ingest_time}, without its object; sending it again finishes it");
    assert_eq!(findings(&shelf)[0].to_string(), text);
    assert_eq!(*shelf.finished.lock().unwrap(), []);
}

#[test]
fn an_object_is_its_keys_event_and_has_its_record() {
    let mut foreign = shelf();
    foreign.objects.insert("raw/readme.txt".to_owned(), Bytes::new());
    assert_eq!(findings(&foreign), [Finding::ForeignObject { key: "raw/readme.txt".to_owned() }]);
    assert_eq!(findings(&foreign)[0].to_string(), "foreign object: raw/readme.txt is no raw object's key");

    let (mut wrong, Record { raw_key, .. }) = with_record(|_| ());
    let size = wrong.objects[raw_key.as_str()].len();
    wrong.objects.insert(raw_key.to_string(), vec![b' '; size].into());
    let reason = "it is not an event".to_owned();
    assert_eq!(findings(&wrong), [Finding::WrongObject { raw_key: raw_key.clone(), reason }]);
    assert_eq!(findings(&wrong)[0].to_string(), format!("wrong object: {raw_key}: it is not an event"));

    let mut forgotten = shelf();
    drop(forgotten.records.remove(2));
    assert_eq!(findings(&forgotten), [Finding::MissingRecord { raw_key: raw_key.clone() }]);
    assert_eq!(findings(&forgotten)[0].to_string(), format!("missing record: {raw_key} has none"));

    let mut second = shelf();
    let again = submission(1, "2025-12-30T20:15:35.580Z");
    second.objects.insert(again.raw_key.to_string(), again.raw);
    assert_eq!(
        findings(&second),
        [Finding::SecondObject { raw_key: again.raw_key.clone(), recorded: raw_key.clone() }]
    );
    let text = format!("second object: {}, where the event's record says {raw_key}", again.raw_key);
    assert_eq!(findings(&second)[0].to_string(), text);
    let damaged = Finding::Damaged { part: "index".to_owned(), reason: "gone".to_owned() };
    assert_eq!(damaged.to_string(), "damaged: index: gone");
}
