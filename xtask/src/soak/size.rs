//! How much of the machine a process holds.

use std::fmt;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Memory that may come and go without being a leak.
const SLACK_KIB: u64 = 16 << 10;

/// Descriptors that may come and go: connections, a file that a question opens.
const SLACK_DESCRIPTORS: usize = 16;

/// What a process held at most within a time.
pub(super) struct Size {
    resident_kib: u64,
    descriptors: usize,
}

impl Size {
    pub(super) fn most_within(process: u32, time: Duration) -> Result<Self> {
        let (start, mut most) = (Instant::now(), Self::of(process)?);
        while start.elapsed() < time {
            thread::sleep(Duration::from_millis(500));
            let now = Self::of(process)?;
            most.resident_kib = most.resident_kib.max(now.resident_kib);
            most.descriptors = most.descriptors.max(now.descriptors);
        }
        Ok(most)
    }

    fn of(process: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let resident_kib = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(Self { resident_kib, descriptors: fs::read_dir(format!("/proc/{process}/fd"))?.count() })
    }

    /// A fifth more, and more than what comes and goes.
    pub(super) fn grew_since(&self, early: &Self) -> bool {
        self.resident_kib > early.resident_kib + early.resident_kib / 5 + SLACK_KIB
            || self.descriptors > early.descriptors + SLACK_DESCRIPTORS
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB and {} descriptors", self.resident_kib >> 10, self.descriptors)
    }
}
