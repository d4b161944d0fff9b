//! Refused bodies as files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use pik_core::{KeptBody, RejectionRecord};

use crate::output::results;

/// A folder that bodies are written into. Their names are hashes, and each is a plain text, whatever is in it.
pub(crate) struct Export {
    folder: PathBuf,
    records: BufWriter<File>,
    whole: u64,
    cut: u64,
    not_kept: u64,
}

impl Export {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let path = folder.join("rejections.ndjson");
        let records = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Self { folder: folder.to_owned(), records: BufWriter::new(records), whole: 0, cut: 0, not_kept: 0 })
    }

    pub(crate) fn take(&mut self, records: &[RejectionRecord]) -> Result<()> {
        for record in records {
            serde_json::to_writer(&mut self.records, record)?;
            self.records.write_all(b"\n")?;
            let Some(body) = record.body.as_ref().map(KeptBody::to_bytes) else {
                self.not_kept += 1;
                continue;
            };
            let is_whole = record.whole_body().is_some();
            *(if is_whole { &mut self.whole } else { &mut self.cut }) += 1;
            let name = format!("{}{}.txt", record.sha256, if is_whole { "" } else { ".cut" });
            let path = self.folder.join(name);
            fs::write(&path, body).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<ExitCode> {
        self.records.flush()?;
        let mut out = results();
        writeln!(out, "whole {}, cut {}, not kept {}", self.whole, self.cut, self.not_kept)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
