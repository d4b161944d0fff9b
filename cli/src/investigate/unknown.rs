//! Sources and types of which there is nothing, and the names that were perhaps meant.

use anyhow::{Result, bail};
use pik_core::Stream;
use pik_http::Nearest;

use super::source::{Source, each_page};
use crate::terminal::plain;

/// How many streams are asked for at once.
const PAGE: usize = 1_000;

/// Refuses a source, a type or both of which there is no event at all, and tells the nearest names. To be asked when an
/// answer was empty. A question that names neither is never refused.
pub(crate) fn refuse_unknown(host: &dyn Source, source: Option<&str>, event_type: Option<&str>) -> Result<()> {
    if source.is_none() && event_type.is_none() {
        return Ok(());
    }
    let mut nearest = Nearest::to(source, event_type);
    each_page(
        |after| host.streams(after, PAGE),
        |streams| {
            nearest.look_at(streams);
            Ok(())
        },
    )?;
    if nearest.is_known() {
        return Ok(());
    }
    let told = |named: Option<&str>, what: &str| named.map(|name| format!("{what} `{}`", plain(name)));
    let asked: Vec<String> = told(source, "source").into_iter().chain(told(event_type, "type")).collect();
    let asked = asked.join(" and ");
    let nearest: Vec<String> = nearest.into_streams().map(|stream| in_words(&stream)).collect();
    match nearest.as_slice() {
        [] => bail!("there is no event of {asked}, nor of any other"),
        nearest => {
            bail!("there is no event of {asked}; the nearest are {}; `pik streams` lists all", nearest.join(", "))
        }
    }
}

fn in_words(stream: &Stream) -> String {
    format!("`{}` `{}`", plain(&stream.source), plain(&stream.event_type))
}
