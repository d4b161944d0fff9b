//! The power fails at any point of a traced life: what was synced is there, and of what was not, any part.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::shim::{Errno, Operation, Plan, cases, folder, run_under_shim, seed, trace};
use crate::workload::{Answered, check, check_sound, open, send};

/// What a disk writes whole.
const SECTOR: usize = 512;

#[test]
fn nothing_answered_is_lost_when_the_power_fails() {
    run_under_shim("power::fails_anywhere");
}

#[test]
#[ignore = "run by nothing_answered_is_lost_when_the_power_fails"]
fn fails_anywhere() {
    let mut random = Rng::with_seed(seed());
    let place = folder();
    for phase in Phase::ALL {
        phase.run(place.path(), random.u64(..));
    }
    let steps = read_trace(&place.path().join("trace"));
    let mut cuts: Vec<usize> = (1..=steps.len()).collect();
    random.shuffle(&mut cuts);
    cuts.truncate(cases(60, cuts.len()));
    // The end is where most can be lost.
    cuts.push(steps.len());
    cuts.sort_unstable();
    println!("{} steps, {} cuts", steps.len(), cuts.len());

    let mut disk = Disk::default();
    let (mut done, mut most) = (0, 0);
    for cut in cuts {
        for step in &steps[done..cut] {
            disk.apply(step);
        }
        done = cut;
        let after = folder();
        let how = disk.fail(after.path(), &mut random);
        let context = format!("cut after step {cut} of {}, {how:?}", steps.len());
        let store = open(after.path()).unwrap_or_else(|error| panic!("{error}: {context}"));
        check(&store, &disk.answered, &context);
        store.close();
        check_sound(after.path(), &context);
        most = most.max(disk.answered.len());
    }
    assert!(most > 200, "only {most} events were answered before a cut");
}

/// What one process does in the life that is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Makes the database, and ends in good order.
    First,
    /// Has more in the log than one round of checkpoints, and is killed.
    Large,
    /// A sync of the log fails, and it is killed. What the sync did not write is read back at the next start.
    SyncFails,
    /// A start after that, and a kill.
    After,
    /// Ends in good order.
    Last,
}

impl Phase {
    const ALL: [Self; 5] = [Self::First, Self::Large, Self::SyncFails, Self::After, Self::Last];

    fn run(self, folder: &Path, seed: u64) {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "power::lives", "--ignored"])
            .env("PIK_TEST_PHASE", format!("{self:?}"))
            .env("PIK_TEST_SEED", seed.to_string())
            .env("PIK_TEST_FOLDER", folder)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.success(), matches!(self, Self::First | Self::Last), "{self:?}: {status}");
    }
}

#[test]
#[ignore = "a process of fails_anywhere"]
fn lives() {
    let folder = PathBuf::from(std::env::var_os("PIK_TEST_FOLDER").unwrap());
    let phase = std::env::var("PIK_TEST_PHASE").unwrap();
    let place = Phase::ALL.into_iter().position(|known| format!("{known:?}") == phase).unwrap();
    let phase = Phase::ALL[place];
    let mut random = Rng::with_seed(seed());
    trace(&folder);
    let store = open(&folder).unwrap();
    let mut next = 1_000 * place as u64;
    for _ in 0..25 {
        let bytes = if phase == Phase::Large { 150_000 } else { random.usize(1..4_000) };
        let count = random.u64(1..6);
        let events: Vec<(u64, usize)> = (next..next + count).map(|number| (number, bytes)).collect();
        next += count;
        let answered = send(&store, &events);
        assert_eq!(answered.len(), events.len());
        // Into the trace, at the moment of the answer.
        let told: String = answered.iter().map(|(number, bytes)| format!("{number} {bytes}\n")).collect();
        fs::write(folder.join("answers"), told).unwrap();
    }
    match phase {
        Phase::First | Phase::Last => store.close(),
        Phase::Large | Phase::After => std::process::abort(),
        Phase::SyncFails => {
            Plan { operation: Operation::Sync, nth: 1, errno: Errno::Io, stays: true }.set(&folder);
            assert!(send(&store, &[(next, 9_000)]).is_empty());
            std::process::abort();
        }
    }
}

/// Something that was done to a file.
struct Step {
    operation: u8,
    path: PathBuf,
    offset: usize,
    data: Vec<u8>,
}

fn read_trace(path: &Path) -> Vec<Step> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count.min(rest.len()));
        rest = left;
        taken.to_vec()
    };
    let number = |bytes: Vec<u8>| bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte));
    let mut steps = Vec::new();
    loop {
        let operation = take(1);
        let Some(operation) = operation.first().copied() else { return steps };
        let (path_length, offset, length) = (number(take(2)), number(take(8)), number(take(8)));
        let path = PathBuf::from(String::from_utf8(take(path_length)).unwrap());
        steps.push(Step { operation, path, offset, data: take(length) });
    }
}

/// A file, as far as it is on the disk, and what was done to it since.
#[derive(Default, Clone)]
struct Traced {
    synced: Vec<u8>,
    since: Vec<(State, Change)>,
    /// Whether its name is on the disk.
    is_named: bool,
}

/// Whether a change is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Maybe; the next sync makes sure.
    Pending,
    /// Maybe; a sync of it failed, and the system does not try again.
    Doomed,
    Synced,
}

impl Traced {
    fn sync(&mut self) {
        for (state, _) in &mut self.since {
            if *state == State::Pending {
                *state = State::Synced;
            }
        }
        let doomed = self.since.iter().position(|(state, _)| *state == State::Doomed).unwrap_or(self.since.len());
        for (_, change) in self.since.drain(..doomed) {
            change.apply(&mut self.synced);
        }
    }

    fn fail_to_sync(&mut self) {
        for (state, _) in &mut self.since {
            if *state == State::Pending {
                *state = State::Doomed;
            }
        }
    }

    fn note(&mut self, change: Change) {
        self.since.push((State::Pending, change));
    }
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => {
                if bytes.len() < offset + data.len() {
                    bytes.resize(offset + data.len(), 0);
                }
                bytes[*offset..offset + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

impl Change {
    /// Any sectors of it.
    fn apply_in_part(&self, bytes: &mut Vec<u8>, random: &mut Rng) {
        match self {
            Self::Length(_) => {
                if random.bool() {
                    self.apply(bytes);
                }
            }
            Self::Write { offset, data } => {
                let mut from = 0;
                while from < data.len() {
                    // Up to the end of the sector in which this byte is.
                    let to = data.len().min(from + SECTOR - (offset + from) % SECTOR);
                    if random.bool() {
                        Self::Write { offset: offset + from, data: data[from..to].to_vec() }.apply(bytes);
                    }
                    from = to;
                }
            }
        }
    }
}

/// Which of the changes that were not synced reach the disk.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Nothing,
    Everything,
    Sectors,
}

/// The disk at one point of the trace.
#[derive(Default)]
struct Disk {
    files: BTreeMap<PathBuf, Traced>,
    /// Deleted, and the folder was not synced since: they may be there again.
    deleted: BTreeMap<PathBuf, Traced>,
    answered: Answered,
}

impl Disk {
    fn apply(&mut self, step: &Step) {
        if step.path.ends_with("answers") {
            let told = String::from_utf8(step.data.clone()).unwrap();
            let event = |line: &str| {
                let (number, bytes) = line.split_once(' ').unwrap();
                (number.parse().unwrap(), bytes.parse().unwrap())
            };
            self.answered.extend(told.lines().map(event));
            return;
        }
        let path = step.path.clone();
        match step.operation {
            b'C' => {
                self.files.insert(path, Traced::default());
            }
            b'W' => {
                let change = Change::Write { offset: step.offset, data: step.data.clone() };
                self.files.entry(path).or_default().note(change);
            }
            b'T' => self.files.entry(path).or_default().note(Change::Length(step.offset)),
            b'S' => self.files.entry(path).or_default().sync(),
            b'F' => self.files.entry(path).or_default().fail_to_sync(),
            b'D' => {
                for file in self.files.values_mut() {
                    file.is_named = true;
                }
                self.deleted.clear();
            }
            b'U' => {
                if let Some(file) = self.files.remove(&path).filter(|file| file.is_named) {
                    self.deleted.insert(path, file);
                }
            }
            other => panic!("{other} is no operation"),
        }
    }

    /// Writes what a power cut leaves.
    fn fail(&self, folder: &Path, random: &mut Rng) -> Loss {
        let loss = [Loss::Nothing, Loss::Everything, Loss::Sectors, Loss::Sectors][random.usize(..4)];
        let mut names = BTreeSet::new();
        for (path, file) in &self.files {
            // A name that was never synced may be lost with its file.
            let keeps = file.is_named || matches!(loss, Loss::Nothing) || random.bool();
            if keeps {
                write(folder, path, &left(file, loss, random));
                names.insert(path);
            }
        }
        for (path, file) in &self.deleted {
            if !names.contains(path) && !matches!(loss, Loss::Nothing) && random.bool() {
                write(folder, path, &left(file, loss, random));
            }
        }
        loss
    }
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) {
    fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
}

/// The content of a file after the cut.
fn left(file: &Traced, loss: Loss, random: &mut Rng) -> Vec<u8> {
    let mut bytes = file.synced.clone();
    for (state, change) in &file.since {
        match (state, loss) {
            (State::Synced, _) | (State::Pending, Loss::Nothing) => change.apply(&mut bytes),
            (State::Pending | State::Doomed, Loss::Everything) => {}
            (State::Pending, Loss::Sectors) | (State::Doomed, Loss::Nothing | Loss::Sectors) => {
                change.apply_in_part(&mut bytes, random);
            }
        }
    }
    bytes
}
