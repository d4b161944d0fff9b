//! One event, by its id.

use anyhow::Result;
use pik_core::{EventId, Record};

use super::EndpointArgs;
use crate::investigate::Source;
use crate::terminal::tell;

/// Which event, and where to ask for it.
#[derive(clap::Args)]
pub(crate) struct EventArgs {
    /// The event's id; `pik id` computes it from an event
    #[arg(value_name = "EVENT_ID")]
    pub(crate) event_id: EventId,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

impl EventArgs {
    /// The event, and where it was found. If there is none, standard error says so.
    pub(crate) fn find(&self) -> Result<Option<(Box<dyn Source>, Record)>> {
        let source = self.endpoint.source()?;
        let event = source.find(&self.event_id)?;
        if event.is_none() {
            tell("pik: no event with this id was ingested; check the id");
        }
        Ok(event.map(|event| (source, event)))
    }
}
