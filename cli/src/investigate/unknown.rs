//! Sources and types of which there is nothing, and the names that were perhaps meant.

use anyhow::{Result, bail};
use pik_core::Stream;

use super::source::{Source, each_page};
use crate::terminal::plain;

/// How many streams are asked for at once.
const PAGE: usize = 1_000;
/// How many of the nearest names are told.
const NEAREST: usize = 3;

/// Refuses a source, a type or both of which there is no event at all, and tells the nearest names. To be asked when an
/// answer was empty. A question that names neither is never refused.
pub(crate) fn refuse_unknown(host: &dyn Source, source: Option<&str>, event_type: Option<&str>) -> Result<()> {
    if source.is_none() && event_type.is_none() {
        return Ok(());
    }
    let fits = |stream: &Stream| {
        source.is_none_or(|source| source == stream.source) && event_type.is_none_or(|name| name == stream.event_type)
    };
    let (mut is_known, mut nearest) = (false, Vec::new());
    each_page(
        |after| host.streams(after, PAGE),
        |streams: Vec<Stream>| {
            is_known |= streams.iter().any(fits);
            nearest.extend(streams.into_iter().map(|stream| (distance(&stream, source, event_type), stream)));
            nearest.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            nearest.truncate(NEAREST);
            Ok(())
        },
    )?;
    if is_known {
        return Ok(());
    }
    let told = |named: Option<&str>, what: &str| named.map(|name| format!("{what} `{}`", plain(name)));
    let asked: Vec<String> = told(source, "source").into_iter().chain(told(event_type, "type")).collect();
    let asked = asked.join(" and ");
    let nearest: Vec<String> = nearest.iter().map(|(_, stream)| in_words(stream)).collect();
    match nearest.as_slice() {
        [] => bail!("there is no event of {asked}, nor of any other"),
        nearest => {
            bail!("there is no event of {asked}; the nearest are {}; `pik streams` lists all", nearest.join(", "))
        }
    }
}

/// How far the names of a stream are from those that were asked for, from 0 to 2.
fn distance(stream: &Stream, source: Option<&str>, event_type: Option<&str>) -> f64 {
    let one = |asked: Option<&str>, name: &str| {
        asked.map_or(0.0, |asked| {
            1.0 - strsim::normalized_damerau_levenshtein(&asked.to_lowercase(), &name.to_lowercase())
        })
    };
    one(source, &stream.source) + one(event_type, &stream.event_type)
}

fn in_words(stream: &Stream) -> String {
    format!("`{}` `{}`", plain(&stream.source), plain(&stream.event_type))
}
