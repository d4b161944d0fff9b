//! A store that was opened here.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use pik_core::{Event, IngestTime, Outcome, Receipt, Store, Submission};
use tokio::runtime::Runtime;

use super::{Fate, Object, Sink};
use crate::runtime::runtime;

/// Ingests straight into a store, as a host would.
pub(crate) struct StoreSink<S> {
    store: S,
    runtime: Runtime,
}

impl<S: Store> StoreSink<S> {
    pub(crate) fn new(store: S) -> Result<Self> {
        Ok(Self { store, runtime: runtime()? })
    }
}

impl<S: Store> Sink for StoreSink<S> {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
        let now = i64::try_from(now.as_millis()).ok().and_then(IngestTime::from_unix_ms);
        let now = now.context("the clock stands behind the year 9999")?;
        let nonce = fastrand::u64(..);
        let mut submissions = Vec::with_capacity(objects.len());
        for (place, object) in objects.iter().enumerate() {
            let Ok(event) = Event::parse(object.raw()) else { bail!("`{}` is not an event", object.key) };
            submissions.push(Submission::new(&event, now, Receipt::new("import", nonce, place)));
        }
        let mut failed = Ok(());
        for (place, answer) in self.runtime.block_on(self.store.ingest_batch(submissions)).into_iter().enumerate() {
            match answer {
                Ok(answer) => note(
                    place,
                    match answer.status {
                        Outcome::Accepted => Fate::New,
                        Outcome::Duplicate => Fate::Known,
                    },
                ),
                Err(error) => failed = Err(error.into()),
            }
        }
        failed
    }
}
