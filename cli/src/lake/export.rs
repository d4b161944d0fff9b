//! From a store into a lake.

use anyhow::{Result, bail, ensure};
use pik_core::{IngestTime, RawKey, Record, Scope};

use super::compression::Compression;
use super::format::Format;
use super::manifest::Manifest;
use super::round::{Round, Sizes};
use super::row::Stored;
use super::scope::Asked;
use super::writable::Lake;
use crate::investigate::{Settled, Source, each_page};
use crate::transfer::Report;

/// How many records are asked for at once.
const PAGE: usize = 1_000;
/// The most bytes of raw objects that are asked for at once. The source may want fewer objects than that.
const AT_ONCE_BYTES: u64 = 16 * 1024 * 1024;

/// How a lake is written.
pub(crate) struct Export {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) sizes: Sizes,
    /// Go on where the lake ends.
    pub(crate) since_last: bool,
}

/// What was written.
pub(crate) struct Done {
    pub(crate) files: usize,
    /// Until when the lake has what arrived; `None` if it is empty.
    pub(crate) settled_until: Option<IngestTime>,
}

/// Writes events that arrived in a window. Each that is written is in a round that is durable when this returns, whether
/// it fails or not.
pub(crate) fn export(
    lake: &mut dyn Lake,
    asked: Asked,
    how: &Export,
    source: &dyn Source,
    report: &mut Report,
) -> Result<Done> {
    let asked = go_on(lake, asked, how)?;
    let Settled { query, .. } = Settled::of(asked.query(), source)?;
    let (from, until) = query.arrivals().expect("a lake is of arrivals");
    let mut writer = Writer { lake, how, scope: asked.scope, from, listed: from, round: Round::default(), files: 0 };
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    each_page(
        |after| source.records(&query, after, PAGE),
        |records| {
            for record in records {
                bytes += record.raw_size;
                waiting.push(record);
                if waiting.len() >= source.best_together() || bytes >= AT_ONCE_BYTES {
                    writer.take(&std::mem::take(&mut waiting), source, report)?;
                    bytes = 0;
                }
            }
            Ok(())
        },
    )?;
    writer.take(&waiting, source, report)?;
    if !writer.round.is_empty() {
        writer.end_round(until, report)?;
    }
    let Writer { files, lake, .. } = writer;
    Ok(Done { files, settled_until: lake.last().map(|last| last.settled_until) })
}

/// What is asked for, from where the lake ends.
fn go_on(lake: &dyn Lake, asked: Asked, how: &Export) -> Result<Asked> {
    let Some(last) = lake.last() else { return Ok(asked) };
    let until = last.settled_until;
    if !how.since_last {
        bail!(
            "there is a lake of what arrived before {until}; --since-last adds what came later, and another folder takes \
             another lake"
        );
    }
    ensure!(
        last.format == how.format,
        "the lake is in {0}; add to it with --format {0}, or name another folder",
        last.format.as_str()
    );
    let is_zstd = last.files.first().is_none_or(|file| file.path.ends_with(".zst"));
    ensure!(
        how.format == Format::Parquet || is_zstd == (how.compression == Compression::Zstd),
        "files of the lake end in {}, and a reader looks for one end; add to it with --compression {}",
        if is_zstd { ".zst" } else { ".ndjson" },
        if is_zstd { "zstd" } else { "none" }
    );
    ensure!(
        asked.scope == Scope::All || asked.scope == last.events_of,
        "the lake is of other events; --since-last goes on with those that it has: leave out --source and --event-type"
    );
    ensure!(asked.from.unix_ms() == 0, "--since-last goes on where the lake ends; leave out --arrived-from");
    Ok(Asked { scope: last.events_of.clone(), from: until, to: asked.to.max(until) })
}

struct Writer<'a> {
    lake: &'a mut dyn Lake,
    how: &'a Export,
    scope: Scope,
    /// Where the round begins.
    from: IngestTime,
    /// When the last event of it is listed.
    listed: IngestTime,
    round: Round,
    files: usize,
}

impl Writer<'_> {
    fn take(&mut self, records: &[Record], source: &dyn Source, report: &mut Report) -> Result<()> {
        let keys: Vec<RawKey> = records.iter().map(|record| record.raw_key.clone()).collect();
        for (record, raw) in records.iter().zip(source.contents(&keys)?) {
            // A window can end between two milliseconds alone.
            if self.round.bytes() >= self.how.sizes.buffer_bytes && record.listed_time() > self.listed {
                self.end_round(record.listed_time(), report)?;
            }
            self.listed = record.listed_time();
            let Some(raw) = raw else {
                report.unusable(&format!("{}: missing", record.raw_key));
                continue;
            };
            let Record { event_id, ingest_time, .. } = *record;
            self.round.push(&record.raw_key, Stored { event_id, ingest_time, raw });
            report.read();
        }
        Ok(())
    }

    fn end_round(&mut self, until: IngestTime, report: &mut Report) -> Result<()> {
        let Export { format, compression, sizes, .. } = *self.how;
        let round = std::mem::take(&mut self.round);
        let written = round.write(self.lake, format, compression, sizes)?;
        written.unusable.iter().for_each(|what| report.unusable(what));
        if written.listed.is_empty() {
            return Ok(());
        }
        self.files += written.listed.len();
        let window = [self.from, until];
        let manifest = Manifest::new(self.lake.next_round(), format, self.scope.clone(), window, written.listed);
        let events = manifest.events;
        self.lake.commit(manifest)?;
        report.arrived(events);
        self.from = until;
        Ok(())
    }
}
