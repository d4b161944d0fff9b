//! Reading objects, checking them, and handing them on.

use anyhow::Result;
use pik_client::Envelope;
use pik_core::RawKey;

use super::{Object, Report, Sink};
use crate::investigate::{Source, genuine};

/// Copies the objects of these keys, in order. An object that is missing, or is not its key's event, is told and left
/// out.
pub(crate) fn copy(keys: &[RawKey], source: &dyn Source, sink: &mut dyn Sink, report: &mut Report) -> Result<()> {
    let mut objects = Vec::with_capacity(keys.len());
    for (key, raw) in keys.iter().zip(source.contents(keys)?) {
        match raw {
            None => report.unusable(&format!("{key}: missing")),
            Some(raw) => match genuine(key, &raw) {
                Ok(event) => objects.push(Object { key: key.clone(), event: Envelope::of(&event) }),
                Err(why) => report.unusable(&format!("{why:#}")),
            },
        }
    }
    sink.deliver(&objects, &mut |place, fate| report.note(&objects[place].key, &fate))
}
