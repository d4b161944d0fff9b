//! The library that stands between: compiled, loaded and commanded.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Runs an ignored test of this program in a process that has the shim; what it printed.
pub(crate) fn run_under_shim(test: &str) {
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/shim.c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let compiled = Command::new(compiler)
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(compiled.success(), "the shim does not compile");
    let seed = std::env::var("PIK_TEST_SEED").unwrap_or_else(|_| "20261127".to_owned());
    println!("PIK_TEST_SEED={seed}");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env("PIK_TEST_SEED", seed)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "{told}");
    println!("{told}");
}

pub(crate) fn seed() -> u64 {
    std::env::var("PIK_TEST_SEED").unwrap().parse().unwrap()
}

/// How many of `all` cases to try, spread over them.
pub(crate) fn cases(usual: usize, all: usize) -> usize {
    match std::env::var("PIK_DISK_CASES").as_deref() {
        Err(_) => usual.min(all),
        Ok("all") => all,
        Ok(count) => count.parse::<usize>().unwrap().min(all),
    }
}

/// A folder in memory where there is one: syncs cost nothing there, and the shim sees them all the same.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Write,
    Sync,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errno {
    Io,
    NoSpace,
}

/// The `nth` operation from now on fails, and with `stays` all that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) operation: Operation,
    pub(crate) nth: usize,
    pub(crate) errno: Errno,
    pub(crate) stays: bool,
}

impl Plan {
    pub(crate) fn set(self, folder: &Path) {
        let operation = match self.operation {
            Operation::Write => "write",
            Operation::Sync => "sync",
        };
        let errno = match self.errno {
            Errno::Io => 5,
            Errno::NoSpace => 28,
        };
        command(folder, &format!("{operation} {} {errno} {}", self.nth, u8::from(self.stays)));
    }
}

/// Nothing fails from now on.
pub(crate) fn calm(folder: &Path) {
    command(folder, "off");
}

/// What is done from now on is appended to the file `trace`.
pub(crate) fn trace(folder: &Path) {
    command(folder, &format!("trace {}", folder.join("trace").display()));
}

fn command(folder: &Path, text: &str) {
    fs::write(folder.join("plan"), text).unwrap();
}

/// Whether the plan's operation was reached.
pub(crate) fn struck(folder: &Path) -> bool {
    folder.join("struck").exists()
}
