//! One event, by its id.

use anyhow::Result;
use pik_core::{EventId, Record};

use super::source::{Source, SourceArgs};

/// Which event, and whom to ask.
#[derive(clap::Args)]
pub(crate) struct EventArgs {
    /// The event's id; `pik id` computes it from an event
    #[arg(value_name = "EVENT_ID")]
    pub(crate) event_id: EventId,

    #[command(flatten)]
    source: SourceArgs,
}

impl EventArgs {
    /// The event, and the source that has it. When none has, standard error says so.
    pub(crate) fn find(&self) -> Result<Option<(Box<dyn Source>, Record)>> {
        let source = self.source.open()?;
        let event = source.find(&self.event_id)?;
        if event.is_none() {
            eprintln!("pik: no event with this id was ingested; check the id");
        }
        Ok(event.map(|event| (source, event)))
    }
}
