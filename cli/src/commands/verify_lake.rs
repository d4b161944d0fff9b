//! `pik verify --lake`: whether a lake is unchanged and complete.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use crate::investigate::Source;
use crate::lake::{Place, check};
use crate::progress::{Progress, Unit};
use crate::terminal::{plain, tell};

/// Prints findings on standard output, one a line, and counts on standard error.
pub(super) fn verify_lake(lake: &Place, source: Option<&dyn Source>, json: bool) -> Result<ExitCode> {
    let progress = Progress::new(Unit::Count("files"), None);
    let mut out = progress.results();
    let checked = check(lake, source, &mut |verdict, finding| {
        progress.reach(verdict.files, verdict.files_in_all);
        progress.note(verdict);
        let Some(finding) = finding else { return Ok(()) };
        match json {
            true => Ok(writeln!(out, "{}", serde_json::to_string(&finding)?)?),
            false => Ok(writeln!(out, "{}", plain(&finding.to_string()))?),
        }
    });
    out.flush()?;
    drop(progress);
    let (verdict, until) = checked?;
    tell(&verdict);
    tell(match source {
        Some(_) if verdict.findings + verdict.missing == 0 => {
            format!("the lake is unchanged, and has all that arrived before {until} and was asked for")
        }
        Some(_) => {
            format!("the lake should have what arrived before {until}; export into another folder to have it whole")
        }
        None => "no store was asked which events there should be".to_owned(),
    });
    Ok(if verdict.findings + verdict.missing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
