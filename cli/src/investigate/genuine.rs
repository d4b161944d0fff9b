//! Whether bytes are the event that their key names.

use anyhow::{Result, bail};
use pik_core::{Event, RawKey, Rejection};

/// Reads a raw object, which must hash to the id in its key and belong where it lies.
pub(crate) fn genuine<'a>(key: &RawKey, raw: &'a [u8]) -> Result<Event<'a>> {
    let event = read(key, Event::parse(raw))?;
    belongs(key, &event)?;
    Ok(event)
}

/// [`genuine`], with the payload's canonical form.
pub(crate) fn genuine_with_payload<'a>(key: &RawKey, raw: &'a [u8]) -> Result<(Event<'a>, String)> {
    let (event, payload) = read(key, Event::parse_with_payload(raw))?;
    belongs(key, &event)?;
    Ok((event, payload))
}

fn read<T>(key: &RawKey, parsed: Result<T, Rejection>) -> Result<T> {
    parsed.or_else(|rejection| bail!("`{key}` is not an event: {}", rejection.problems()[0]))
}

fn belongs(key: &RawKey, event: &Event<'_>) -> Result<()> {
    let named = key.partition();
    if *event.id() != named.event_id {
        bail!("`{key}` is another event, {}; it was changed after it was stored", event.id());
    }
    let (date, hour) = (event.event_time().date(), event.event_time().hour());
    if (event.source(), event.event_type()) != (&*named.source, &*named.event_type)
        || (&*date, &*hour) != (&*named.event_date, &*named.hour)
    {
        bail!("`{key}` lies in another partition than its event; it was moved");
    }
    Ok(())
}
