//! The tree beside a `BTreeSet`, through failed transactions and crashes between any two of them.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};

use super::{Filtered, Key, Shape, Snapshot, Tree, View};
use crate::db::tables;

const SHAPE: Shape = Shape {
    memtable: 60,
    chunk: 8,
    block: 90,
    fan_out: 3,
    slice: 10,
    filter_pages: 2,
    filtered: Filtered { tag: 1, bytes: 3 },
};
const ALL: usize = usize::MAX;

#[derive(Debug, Clone)]
enum Step {
    /// A transaction with this many occurrences.
    Commit(usize),
    /// One that fails at its end.
    Fail(usize),
    /// One without occurrences, as the writer makes when it has nothing else to do.
    Work(usize),
    Freeze,
    /// The process dies; with `true` within a transaction.
    Crash(bool),
    /// A reader takes a snapshot and holds it.
    Hold,
    /// A reader looks at the snapshot held the longest.
    Look,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (0..20_usize).prop_map(Step::Commit),
        3 => (0..20_usize).prop_map(Step::Fail),
        3 => (1..100_usize).prop_map(Step::Work),
        1 => Just(Step::Freeze),
        1 => any::<bool>().prop_map(Step::Crash),
        2 => Just(Step::Hold),
        2 => Just(Step::Look),
    ];
    proptest::collection::vec(step, 1..200)
}

/// The keys of an occurrence: one that is filtered, one in no order, one in the order of arrival; the same in every run.
fn keys(seq: i64) -> [Key; 3] {
    let mixed = (seq as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let seq = seq.to_be_bytes();
    let filtered = [&[1, mixed[0] % 6, mixed[1] % 6], &seq[4..]].concat();
    let scattered = [&[2], &mixed[..usize::from(mixed[2] % 8)], &seq[6..]].concat();
    let ordered = [&[3], &seq[..]].concat();
    [filtered, scattered, ordered].map(|bytes| Key::new(&bytes))
}

struct Held {
    connection: Connection,
    view: View,
    expected: BTreeSet<Key>,
}

struct World<'p> {
    path: &'p Path,
    connection: Connection,
    tree: Tree,
    last_seq: i64,
    expected: BTreeSet<Key>,
    held: Vec<Held>,
}

impl<'p> World<'p> {
    fn new(path: &'p Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
                 CREATE TABLE indexed (name TEXT PRIMARY KEY, complete_to INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                 {}",
                tables::INDEX
            ))
            .unwrap();
        let tree = Tree::load(&connection, SHAPE).unwrap();
        Self { path, connection, tree, last_seq: 0, expected: BTreeSet::new(), held: Vec::new() }
    }

    fn transaction(&mut self, occurrences: usize, fails: bool) {
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let last = self.last_seq + occurrences as i64;
        let keys: Vec<Key> = (self.last_seq + 1..=last).flat_map(keys).collect();
        for key in &keys {
            let is_known = self.expected.contains(key);
            if key.padded()[0] == SHAPE.filtered.tag {
                let found = self.tree.find(&self.connection, key).unwrap();
                assert_eq!(found.contains(key), is_known, "{key:?}");
            }
        }
        self.tree.step(&self.connection, keys.len()).unwrap();
        self.end(keys, last, fails);
    }

    fn end(&mut self, keys: Vec<Key>, last: i64, fails: bool) {
        self.connection.execute_batch(if fails { "ROLLBACK" } else { "COMMIT" }).unwrap();
        if fails {
            self.tree.abandoned();
            return;
        }
        self.expected.extend(&keys);
        self.tree.committed(keys.into_iter(), last);
        self.last_seq = last;
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Commit(occurrences) => self.transaction(*occurrences, false),
            Step::Fail(occurrences) => self.transaction(*occurrences, true),
            Step::Work(keys) => {
                self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                self.tree.work(&self.connection, *keys).unwrap();
                self.end(Vec::new(), self.last_seq, false);
            }
            Step::Freeze => self.tree.freeze(),
            Step::Crash(within) => {
                if *within {
                    self.transaction(5, true);
                }
                self.tree = Tree::load(&self.connection, SHAPE).unwrap();
                assert!(self.tree.complete_to() <= self.last_seq);
                let lost = (self.tree.complete_to() + 1..=self.last_seq).flat_map(keys);
                self.tree.committed(lost, self.last_seq);
            }
            Step::Hold => {
                let view = self.tree.memory().view();
                let connection = Connection::open_with_flags(self.path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
                connection.execute_batch("BEGIN").unwrap();
                connection.query_row("SELECT count(*) FROM index_run", [], |_| Ok(())).unwrap();
                self.held.push(Held { connection, view, expected: self.expected.clone() });
            }
            Step::Look if self.held.is_empty() => {}
            Step::Look => {
                let Held { connection, view, expected } = self.held.remove(0);
                check_ranges(&Snapshot::new(&connection, view).unwrap(), &expected);
            }
        }
    }

    /// All that must be true between two transactions.
    fn check(&mut self) {
        let view = self.tree.memory().view();
        self.connection.execute_batch("BEGIN").unwrap();
        check_ranges(&Snapshot::new(&self.connection, view).unwrap(), &self.expected);
        self.connection.execute_batch("COMMIT").unwrap();
        for first in 0..6 {
            for second in 0..6 {
                let prefix = Key::new(&[1, first, second]);
                let found: BTreeSet<Key> = self.tree.find(&self.connection, &prefix).unwrap().into_iter().collect();
                let expected = self.expected.range(prefix..=prefix.last_with_prefix()).copied().collect();
                assert_eq!(found, expected, "{prefix:?}");
            }
        }
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM index_block"), count("SELECT count(*) FROM index_fence"));
        assert_eq!(count("SELECT count(*) FROM index_fence WHERE block NOT IN (SELECT block FROM index_block)"), 0);
        assert_eq!(count("SELECT count(*) FROM index_fence WHERE run NOT IN (SELECT run FROM index_run)"), 0);
    }
}

fn check_ranges(snapshot: &Snapshot<'_>, expected: &BTreeSet<Key>) {
    let (first, last) = (Key::FIRST, Key::new(&[0xff]));
    let all = snapshot.range(&first, &last, ALL).unwrap();
    assert!(all.iter().eq(expected), "{all:?} is not {expected:?}");
    let back = snapshot.range_back(&first, &last, ALL).unwrap();
    assert!(back.iter().eq(expected.iter().rev()), "{back:?} is not {expected:?}, turned round");
    for from in expected.iter().step_by(97) {
        let some = snapshot.range(from, &last, 7).unwrap();
        assert!(some.iter().eq(expected.range(from..).take(7)));
        let before = snapshot.range_back(&first, from, 7).unwrap();
        assert!(before.iter().eq(expected.range(..=from).rev().take(7)));
        let least = before.last().unwrap();
        assert!(snapshot.range_back(least, from, ALL).unwrap().iter().eq(&before));
        let to = some.last().unwrap();
        assert!(snapshot.range(from, to, ALL).unwrap().iter().eq(expected.range(from..=to)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_the_set_of_what_was_committed(steps in steps()) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("tree.sqlite");
        let mut world = World::new(&path);
        for (at, step) in steps.iter().enumerate() {
            world.apply(step);
            if at % 40 == 0 {
                world.check();
            }
        }
        world.check();
    }
}

#[test]
fn merges_keep_up_and_nothing_is_left_over() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tree.sqlite");
    let mut world = World::new(&path);
    let mut most = 0;
    for round in 0..700 {
        world.transaction(round % 13, round % 29 == 0);
        most = most.max(world.tree.memory().view().chunks.len());
    }
    assert!(most * SHAPE.chunk < SHAPE.memtable * 3, "{most} chunks came together");
    let count = |world: &World<'_>, sql: &str| world.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(count(&world, "SELECT max(level) FROM index_run") >= 4, "no deep level was reached");
    let per_level = "SELECT max(runs) FROM (SELECT count(*) AS runs FROM index_run GROUP BY level)";
    assert!(count(&world, per_level) <= 2 * SHAPE.fan_out as i64 + 2, "a level has too many runs");
    while world.tree.is_busy() {
        world.apply(&Step::Work(100));
    }
    world.check();
    assert_eq!(count(&world, "SELECT count(*) FROM index_run WHERE input_of IS NOT NULL"), 0);
}

#[test]
fn a_damaged_block_is_told_with_the_way_out() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tree.sqlite");
    let mut world = World::new(&path);
    while world.connection.query_row("SELECT count(*) < 4 FROM index_block", [], |row| row.get(0)).unwrap() {
        world.transaction(10, false);
    }
    world.connection.execute("UPDATE index_block SET data = CAST(data || x'00' AS BLOB)", []).unwrap();
    let view = world.tree.memory().view();
    world.connection.execute_batch("BEGIN").unwrap();
    let snapshot = Snapshot::new(&world.connection, view).unwrap();
    let error = snapshot.range(&Key::FIRST, &Key::new(&[0xff]), ALL).unwrap_err();
    assert!(error.to_string().contains("--rebuild-indexes"), "{error}");
}
