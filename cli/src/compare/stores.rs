//! Two stores beside each other.

use std::io::Write;

use anyhow::Result;
use pik_core::{EventId, RawKey};
use serde::Serialize;

use crate::investigate::{LeftOut, Source};
use crate::progress::Progress;

/// How many events of one store are looked up in the other at once.
const AT_ONCE: usize = 50_000;

/// How many events both have, and how many one alone has.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    pub(crate) both: u64,
    pub(crate) left: u64,
    pub(crate) right: u64,
}

/// One event that one store alone has, as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    only_in: &'static str,
    event_id: &'a EventId,
    raw_key: &'a RawKey,
}

/// Walks each store and looks its events up in the other. Writes the key of each event that one of them alone has to
/// standard output. Says what of each walk was left out.
pub(crate) fn compare_stores(
    left: &dyn Source,
    right: &dyn Source,
    json: bool,
    progress: &Progress,
) -> Result<(Sides, [Option<LeftOut>; 2])> {
    let mut sides = Sides::default();
    let mut out = progress.results();
    let mut walk = |from: &dyn Source, to: &dyn Source, only_in: &'static str| {
        let (mut both, mut alone) = (0, 0);
        let mut waiting: Vec<RawKey> = Vec::new();
        let mut look_up = |keys: &mut Vec<RawKey>| -> Result<()> {
            let ids: Vec<EventId> = keys.iter().map(|key| key.partition().event_id).collect();
            let found = to.lookup(&ids)?;
            progress.advance(ids.len() as u64);
            for (key, record) in keys.drain(..).zip(found) {
                if record.is_some() {
                    both += 1;
                    continue;
                }
                alone += 1;
                if json {
                    let line = Line { only_in, event_id: &key.partition().event_id, raw_key: &key };
                    serde_json::to_writer(&mut *out, &line)?;
                    out.write_all(b"\n")?;
                } else {
                    writeln!(out, "only in {only_in}: {key}")?;
                }
            }
            Ok(())
        };
        let left_out = from.each_key(&mut |keys| {
            waiting.extend(keys);
            if waiting.len() >= AT_ONCE { look_up(&mut waiting) } else { Ok(()) }
        })?;
        look_up(&mut waiting)?;
        Ok::<_, anyhow::Error>((both, alone, left_out))
    };
    let (both, alone, left_out_left) = walk(left, right, "left")?;
    (sides.both, sides.left) = (both, alone);
    let (_, alone, left_out_right) = walk(right, left, "right")?;
    sides.right = alone;
    out.flush()?;
    Ok((sides, [left_out_left, left_out_right]))
}
