//! Whether a lake is unchanged, and has all that the store has.

use std::collections::HashSet;
use std::io::{self, BufReader, Seek};

use anyhow::{Context, Result, bail, ensure};
use pik_core::{EventId, IngestTime, RawKey, Record};

use super::finding::{Finding, Verdict};
use super::format::Format;
use super::manifest::{Listed, Manifest};
use super::ndjson;
use super::output::Output;
use super::parquet_file;
use super::place::Place;
use super::round::ids_hash;
use super::row::{Found, Row, Stored};
use super::scope::Asked;
use crate::investigate::{Source, each_page};

/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Reads every file of a lake, and compares its events with those of a store if there is one, a round at a time. Also says
/// until when the lake has what arrived.
pub(crate) fn check(
    lake: &Place,
    source: Option<&dyn Source>,
    note: &mut dyn FnMut(&Verdict, Option<Finding>) -> Result<()>,
) -> Result<(Verdict, IngestTime)> {
    let manifests = lake.manifests()?;
    let Some(last) = manifests.last() else { bail!("there is no manifest; it is no lake") };
    last.format.need()?;
    let until = last.settled_until;
    let files_in_all = manifests.iter().map(|manifest| manifest.files.len() as u64).sum();
    let mut check = Check { lake, verdict: Verdict { files_in_all, ..Verdict::default() }, note };
    check.strangers(&manifests)?;
    for manifest in &manifests {
        check.round(manifest, source)?;
    }
    Ok((check.verdict, until))
}

struct Check<'a> {
    lake: &'a Place,
    verdict: Verdict,
    note: &'a mut dyn FnMut(&Verdict, Option<Finding>) -> Result<()>,
}

impl Check<'_> {
    fn found(&mut self, finding: Finding) -> Result<()> {
        self.verdict.findings += 1;
        (self.note)(&self.verdict, Some(finding))
    }

    /// What no manifest lists. Readers skip names that begin with `_` or a point, as this does.
    fn strangers(&mut self, manifests: &[Manifest]) -> Result<()> {
        let listed: HashSet<&str> =
            manifests.iter().flat_map(|manifest| &manifest.files).map(|file| &*file.path).collect();
        self.lake.each_file(&mut |path| match listed.contains(&*path) {
            true => Ok(()),
            false => {
                self.verdict.findings += 1;
                (self.note)(&self.verdict, Some(Finding::FileAdded { path }))
            }
        })
    }

    fn round(&mut self, manifest: &Manifest, source: Option<&dyn Source>) -> Result<()> {
        let mut ids = Vec::new();
        // Partitions with a file that is not as it was: their events are counted, and not named one by one.
        let mut broken = HashSet::new();
        for file in &manifest.files {
            self.verdict.files += 1;
            match self.file(manifest.format, file) {
                Ok(Some(mut found)) => {
                    self.verdict.events += file.events;
                    ids.append(&mut found);
                }
                bad => {
                    broken.insert(file.path.rsplit_once('/').map_or("", |(folder, _)| folder));
                    let path = file.path.clone();
                    self.found(match bad {
                        Err(why) => Finding::FileChanged { path, why: format!("{why:#}") },
                        Ok(_) => Finding::FileMissing { path },
                    })?;
                }
            }
            (self.note)(&self.verdict, None)?;
        }
        match source {
            None => Ok(()),
            Some(source) => self.compare(manifest, ids, &broken, source),
        }
    }

    /// The ids of a file that is as it was written, and when each arrived; `None` if it is missing. Each of its events must
    /// hash to its id, and its columns must be what the event says.
    fn file(&self, format: Format, listed: &Listed) -> Result<Option<Vec<(EventId, IngestTime)>>> {
        let Some(mut file) = self.lake.open(&listed.path)? else { return Ok(None) };
        file.rewind()?;
        let mut hash = Output::new(io::sink());
        io::copy(&mut BufReader::new(&mut file), &mut hash)?;
        let (bytes, sha256) = hash.finish()?;
        ensure!(bytes == listed.bytes, "it has {bytes} bytes, and had {}", listed.bytes);
        ensure!(
            sha256 == listed.sha256,
            "its bytes are other ones: their SHA-256 is {sha256}, and was {}",
            listed.sha256
        );
        file.rewind()?;
        let mut ids = Vec::new();
        let (partition, _) = listed.path.rsplit_once('/').context("it lies in no partition")?;
        let mut each = |Found { event_id, ingest_time, raw, differs }: Found<'_>| {
            let stored = Stored { event_id, ingest_time, raw: raw.as_bytes().to_vec() };
            let row = Row::read(partition, &stored).with_context(|| {
                format!("its event {event_id} does not hash to its id, or lies in another partition")
            })?;
            if let Some(column) = differs(&row) {
                bail!("its event {event_id} has another `{column}` than its `raw` says");
            }
            ids.push((event_id, ingest_time));
            Ok(())
        };
        match format {
            Format::Ndjson => ndjson::read(file, &listed.path, &mut each)?,
            Format::Parquet => parquet_file::read(file, &mut each)?,
        }
        ensure!(
            ids.len() as u64 == listed.events && ids_hash(ids.iter().map(|(id, _)| *id)) == listed.ids_sha256,
            "its manifest tells of other events; the manifest was changed"
        );
        Ok(Some(ids))
    }

    /// Compares a round with the same window of the store.
    fn compare(
        &mut self,
        manifest: &Manifest,
        mut ids: Vec<(EventId, IngestTime)>,
        broken: &HashSet<&str>,
        source: &dyn Source,
    ) -> Result<()> {
        let Manifest { events_of, arrived_from, settled_until, round, .. } = manifest;
        let asked = Asked { scope: events_of.clone(), from: *arrived_from, to: *settled_until };
        ids.sort_unstable();
        let mut met = vec![false; ids.len()];
        let query = asked.query();
        each_page(
            |after| source.records(&query, after, PAGE),
            |records| {
                for Record { event_id, raw_key, ingest_time, .. } in records {
                    if let Ok(place) = ids.binary_search_by_key(&event_id, |(id, _)| *id) {
                        met[place] = true;
                        if ids[place].1 != ingest_time {
                            self.found(Finding::EventChanged { event_id, ingest_time })?;
                        }
                        continue;
                    }
                    self.verdict.missing += 1;
                    if !broken.contains(partition(&raw_key)) {
                        self.found(Finding::EventMissing { event_id, raw_key })?;
                    }
                }
                (self.note)(&self.verdict, None)
            },
        )?;
        for ((event_id, _), _) in ids.into_iter().zip(met).filter(|(_, met)| !met) {
            self.found(Finding::EventAdded { event_id, round: *round })?;
        }
        Ok(())
    }
}

fn partition(key: &RawKey) -> &str {
    key.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}
