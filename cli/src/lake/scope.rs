//! Which events a lake has.

use anyhow::{Result, bail};
use pik_core::{IngestTime, Order, Outcome, Query, Range, Scope, Span};

/// What is asked to be in a lake: first occurrences in a window of arrivals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) scope: Scope,
    pub(crate) from: IngestTime,
    pub(crate) to: IngestTime,
}

/// Reads a selection, which must be one of arrivals: only these have an end behind which nothing comes any more.
pub(crate) fn asked(query: Query) -> Result<Asked> {
    let (scope, from, to, status) = match query {
        Query::Arrivals { from, to, status } => (Scope::All, from, to, status),
        Query::Range(Range { scope, span: Span::Arrival { from, to }, order: Order::Ascending, status }) => {
            (scope, from, to, status)
        }
        Query::Range(Range { span: Span::Arrival { .. }, order: Order::Descending, .. }) => {
            bail!("rows of a file are in the order of entity and time; leave out --desc")
        }
        Query::Range(Range { span: Span::EventTime { .. }, .. })
        | Query::Entity { .. }
        | Query::Lag { .. }
        | Query::Duplicates { .. } => bail!(
            "files of many events are made of arrivals; select with --source, --event-type, --arrived-from and \
             --arrived-to, or export with --format json"
        ),
    };
    match status {
        None | Some(Outcome::Accepted) => Ok(Asked { scope, from, to }),
        Some(Outcome::Duplicate) => bail!("a duplicate is no event of its own; leave out --status"),
    }
}

impl Asked {
    /// The question to a store.
    pub(super) fn query(&self) -> Query {
        let Self { scope, from, to } = self.clone();
        let status = Some(Outcome::Accepted);
        match scope {
            Scope::All => Query::Arrivals { from, to, status },
            Scope::Source { .. } | Scope::Stream { .. } => {
                Query::Range(Range { scope, span: Span::Arrival { from, to }, order: Order::Ascending, status })
            }
        }
    }
}
