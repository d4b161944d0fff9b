//! `pik verify --lake`: whether a lake is unchanged and complete.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use crate::investigate::Source;
use crate::lake::check;
use crate::output::results;
use crate::terminal::{plain, tell};

/// Prints findings on standard output, one a line, and counts on standard error.
pub(super) fn verify_lake(lake: &Path, source: Option<&dyn Source>, json: bool) -> Result<ExitCode> {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    let mut out = results();
    let checked = check(lake, source, &mut |verdict, finding| {
        bar.set_message(verdict.to_string());
        bar.tick();
        let Some(finding) = finding else { return Ok(()) };
        bar.suspend(|| match json {
            true => Ok(writeln!(out, "{}", serde_json::to_string(&finding)?)?),
            false => Ok(writeln!(out, "{}", plain(&finding.to_string()))?),
        })
    });
    bar.finish_and_clear();
    out.flush()?;
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
