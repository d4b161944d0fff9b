//! Refused bodies, sent again.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use pik_client::{Client, Envelope, Verdict};
use pik_core::{Outcome, RejectionKey, RejectionRecord, split_array, split_lines};

use super::fix::fixed;
use crate::arguments::builder;
use crate::output::{Summary, results};
use crate::send::Counts;
use crate::terminal::tell;

/// A host that repaired bodies go to.
pub(crate) struct Resend {
    client: Client,
    fix: Option<String>,
    seen: BTreeSet<RejectionKey>,
    counts: Counts,
    summary: Summary,
    not_kept: u64,
}

impl Resend {
    pub(crate) fn new(url: &str, token: Option<&str>, fix: Option<String>) -> Result<Self> {
        let client = builder(url, token).build()?;
        let (seen, counts, summary) = (BTreeSet::new(), Counts::default(), Summary::default());
        Ok(Self { client, fix, seen, counts, summary, not_kept: 0 })
    }

    pub(crate) fn take(&mut self, records: &[RejectionRecord]) -> Result<()> {
        let mut events = Vec::new();
        for record in records {
            // What is refused again meanwhile comes as a record of its own on some stores.
            if !self.seen.insert(record.key()) {
                continue;
            }
            let Some(body) = record.whole_body() else {
                self.not_kept += 1;
                continue;
            };
            let body = match &self.fix {
                Some(command) => fixed(command, &body)?,
                None => body,
            };
            self.read(&body, &mut events);
        }
        self.send(&events);
        Ok(())
    }

    /// One event, an array of them, or one a line.
    fn read(&mut self, body: &[u8], events: &mut Vec<Envelope>) {
        if let Ok(event) = Envelope::new(body) {
            events.push(event);
            return;
        }
        let pieces = if body.trim_ascii_start().starts_with(b"[") {
            split_array(body, usize::MAX)
        } else {
            split_lines(body, usize::MAX)
        };
        match pieces {
            Ok(pieces) => {
                for piece in pieces {
                    match Envelope::new(piece) {
                        Ok(event) => events.push(event),
                        Err(rejection) => {
                            self.refused(rejection.problems().iter().map(|problem| problem.code.as_str()))
                        }
                    }
                }
            }
            Err(rejection) => self.refused(rejection.problems().iter().map(|problem| problem.code.as_str())),
        }
    }

    fn refused<'a>(&mut self, codes: impl Iterator<Item = &'a str>) {
        self.counts.rejected += 1;
        self.summary.note(codes);
    }

    fn send(&mut self, events: &[Envelope]) {
        let settlement = self.client.ingest_batch(events);
        if let Some(error) = &settlement.stopped {
            tell(format_args!("pik: {error}"));
        }
        for verdict in settlement.verdicts {
            match verdict {
                Verdict::Stored(stored) => match stored.status {
                    Outcome::Accepted => self.counts.accepted += 1,
                    Outcome::Duplicate => self.counts.duplicate += 1,
                },
                Verdict::Rejected(problems) => self.refused(problems.iter().map(|problem| &*problem.code)),
                Verdict::Failed(_) | Verdict::Open => self.counts.failed += 1,
            }
        }
    }

    pub(crate) fn finish(self) -> Result<ExitCode> {
        let Self { counts, summary, not_kept, .. } = self;
        let mut out = results();
        writeln!(out, "{counts}")?;
        out.flush()?;
        if !summary.is_empty() {
            tell(format_args!("rejected: {summary}"));
        }
        if not_kept > 0 {
            tell(format_args!(
                "{not_kept} bodies were not kept whole, so they were not sent; the host keeps those up to 8 KiB with \
                 --keep-rejected-bodies"
            ));
        }
        let all_stored = counts.rejected == 0 && counts.failed == 0 && not_kept == 0;
        Ok(if all_stored { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
