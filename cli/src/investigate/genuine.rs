//! Whether bytes are the event that their key names.

use anyhow::{Result, bail};
use pik_core::{Event, RawKey};

/// Reads a raw object, which must hash to the id in its key and belong where it lies.
pub(crate) fn genuine<'a>(key: &RawKey, raw: &'a [u8]) -> Result<Event<'a>> {
    let event = match Event::parse(raw) {
        Ok(event) => event,
        Err(rejection) => bail!("`{key}` is not an event: {}", rejection.problems()[0]),
    };
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
    Ok(event)
}
