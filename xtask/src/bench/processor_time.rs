//! How much processor time a server took, its children included: steadier than throughput where machines are not.

use std::fs;

use anyhow::{Context, Result};

/// Ticks of `/proc` in a second: Linux tells programs 100 on every machine.
const TICKS: f64 = 100.0;

/// Seconds of processor time of a process, of its children that ended, and of those that run.
pub(super) fn seconds(process: u32) -> Result<f64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process that ended meanwhile is counted with its parent.
        let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        let (parent, own, of_ended_children) = read(&stat)?;
        if id == process {
            ticks += own + of_ended_children;
        } else if parent == process {
            ticks += own;
        }
    }
    Ok(ticks as f64 / TICKS)
}

/// Parent, ticks of the process, ticks of its children that ended.
fn read(stat: &str) -> Result<(u32, u64, u64)> {
    // The name may hold spaces and brackets; what follows its last bracket does not.
    let (_, fields) = stat.rsplit_once(')').context("no name in /proc/…/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number =
        |at: usize| -> Result<u64> { Ok(fields.get(at).context("too few fields in /proc/…/stat")?.parse()?) };
    Ok((u32::try_from(number(1)?)?, number(11)? + number(12)?, number(13)? + number(14)?))
}
