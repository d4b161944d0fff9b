//! Events on their way into files.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};
use pik_core::{EventId, RawKey};
use sha2::{Digest, Sha256};

use super::compression::Compression;
use super::format::Format;
use super::manifest::Listed;
use super::ndjson;
use super::output::Output;
use super::parquet_file;
use super::row::{Row, Stored};
use super::writable::Lake;
use crate::sha256;

/// What an event takes in memory beside its text.
const BESIDE: usize = size_of::<Stored>();

/// How much is held, and how large files become, in bytes of text before it is compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) file_bytes: usize,
    pub(crate) buffer_bytes: usize,
}

/// Events of a window, by partition.
#[derive(Default)]
pub(super) struct Round {
    partitions: BTreeMap<String, Vec<Stored>>,
    bytes: usize,
}

/// What was written of a round.
#[derive(Default)]
pub(super) struct Written {
    pub(super) listed: Vec<Listed>,
    /// Events that are not in it, and why.
    pub(super) unusable: Vec<String>,
}

impl Round {
    pub(super) fn push(&mut self, key: &RawKey, stored: Stored) {
        let (partition, _) = key.as_str().rsplit_once('/').expect("a key has folders");
        self.bytes += stored.raw.len() + BESIDE;
        match self.partitions.get_mut(partition) {
            Some(events) => events.push(stored),
            None => {
                self.partitions.insert(partition.to_owned(), vec![stored]);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// The bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes one file for each partition, or several, in the order of their paths.
    pub(super) fn write(
        self,
        lake: &dyn Lake,
        format: Format,
        compression: Compression,
        sizes: Sizes,
    ) -> Result<Written> {
        let waiting = Mutex::new(self.partitions.into_iter());
        let write = || -> Result<Written> {
            let mut written = Written::default();
            loop {
                let next = waiting.lock().expect("no thread panics with the list in hand").next();
                let Some((partition, events)) = next else { return Ok(written) };
                write_partition(lake, &partition, &events, format, compression, sizes, &mut written)?;
            }
        };
        let all = thread::scope(|scope| {
            let count = thread::available_parallelism().map_or(1, usize::from);
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(write)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Result<Vec<_>>>()
        })?;
        let mut whole = Written::default();
        for mut part in all {
            whole.listed.append(&mut part.listed);
            whole.unusable.append(&mut part.unusable);
        }
        whole.listed.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(whole)
    }
}

fn write_partition(
    lake: &dyn Lake,
    partition: &str,
    events: &[Stored],
    format: Format,
    compression: Compression,
    sizes: Sizes,
    written: &mut Written,
) -> Result<()> {
    let mut rows = Vec::with_capacity(events.len());
    for stored in events {
        match Row::read(partition, stored) {
            Ok(row) => rows.push(row),
            Err(why) => written.unusable.push(format!("{why:#}")),
        }
    }
    rows.sort_unstable_by(|one, other| one.order().cmp(&other.order()));
    let mut rest = &rows[..];
    let mut number = 0;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|row| {
            bytes += row.raw.len();
            bytes <= sizes.file_bytes
        });
        let (some, behind) = rest.split_at(fitting.count().max(1));
        let name = format!("part-{:06}-{number}.{}", lake.next_round(), format.extension(compression));
        let path = format!("{partition}/{name}");
        let listed = lake.add(&path, &mut |into| write_file(&path, some, format, compression, into));
        written.listed.push(listed.with_context(|| format!("cannot write `{path}`"))?);
        rest = behind;
        number += 1;
    }
    Ok(())
}

fn write_file(
    path: &str,
    rows: &[Row<'_>],
    format: Format,
    compression: Compression,
    into: &mut (dyn Write + Send),
) -> Result<Listed> {
    let mut out = Output::new(into);
    match format {
        Format::Ndjson => ndjson::write(rows, compression, &mut out)?,
        Format::Parquet => parquet_file::write(rows, compression, &mut out)?,
    }
    let (bytes, sha256) = out.finish()?;
    let ids_sha256 = ids_hash(rows.iter().map(|row| row.event_id));
    Ok(Listed { path: path.to_owned(), events: rows.len() as u64, bytes, sha256, ids_sha256 })
}

/// The hash of a file's ids: what `jq -r .event_id | sha256sum` says of it.
pub(super) fn ids_hash(ids: impl Iterator<Item = EventId>) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.hex());
        hash.update(b"\n");
    }
    sha256::text(hash)
}
