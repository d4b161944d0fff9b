//! A host, by batches.

use anyhow::{Result, bail};
use pik_client::{Client, Envelope, Settlement, Verdict};
use pik_core::Outcome;

use super::{Fate, Object, Sink};

/// Sends events, one request at a time, so that they arrive in order.
pub(crate) struct HostSink {
    pub(crate) client: Client,
}

impl Sink for HostSink {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        let events: Vec<Envelope> = objects.iter().map(|object| object.event.clone()).collect();
        let Settlement { verdicts, stopped } = self.client.ingest_batch(&events);
        let mut failed = None;
        for (place, verdict) in verdicts.into_iter().enumerate() {
            match verdict {
                Verdict::Stored(stored) => note(
                    place,
                    match stored.status {
                        Outcome::Accepted => Fate::New,
                        Outcome::Duplicate => Fate::Known,
                    },
                ),
                Verdict::Rejected(problems) => {
                    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    note(place, Fate::Refused(told.join("; ")));
                }
                Verdict::Failed(problem) => failed = Some(problem.to_string()),
                Verdict::Open => {}
            }
        }
        match stopped.map(|error| error.to_string()).or(failed) {
            None => Ok(()),
            Some(why) => bail!("giving up: {why}; run the same command again when the host takes events"),
        }
    }
}
