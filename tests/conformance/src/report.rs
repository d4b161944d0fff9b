//! What a run found.

use core::fmt;

use anyhow::Result;

/// Every check that ran, by name, and what was wrong.
#[derive(Debug)]
pub struct Report {
    only: Option<String>,
    known: Vec<&'static str>,
    checks: Vec<(&'static str, Result<()>)>,
}

impl Report {
    pub(crate) fn new(only: Option<&str>) -> Self {
        Self { only: only.map(str::to_owned), known: Vec::new(), checks: Vec::new() }
    }

    /// Runs a check, unless another one was asked for: then the future is dropped before it began.
    pub(crate) async fn check(&mut self, name: &'static str, check: impl Future<Output = Result<()>>) {
        self.known.push(name);
        if self.only.as_ref().is_none_or(|only| only == name) {
            self.checks.push((name, check.await));
        }
    }

    /// The checks that ran.
    pub fn names(&self) -> Vec<&'static str> {
        self.checks.iter().map(|(name, _)| *name).collect()
    }

    /// The checks that there are, also when another one was asked for.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// The checks that failed, and why.
    pub fn failures(&self) -> Vec<(&'static str, String)> {
        let failed = self.checks.iter().filter_map(|(name, result)| Some((*name, result.as_ref().err()?)));
        failed.map(|(name, error)| (name, format!("{error:#}"))).collect()
    }

    /// Panics with the report if any check failed or none ran.
    #[track_caller]
    pub fn assert(&self) {
        assert!(!self.checks.is_empty(), "no check of that name: {:?}", self.only);
        assert!(self.failures().is_empty(), "the store breaks its promises\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, result) in &self.checks {
            match result {
                Ok(()) => writeln!(f, "ok      {name}")?,
                Err(error) => writeln!(f, "FAILED  {name}: {error:#}")?,
            }
        }
        write!(f, "{} checks, {} failed", self.checks.len(), self.failures().len())
    }
}
