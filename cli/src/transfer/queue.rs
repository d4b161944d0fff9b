//! An SQS queue.

use std::thread;

use anyhow::{Context, Result, bail};
use pik_aws::Taken;
use tokio::runtime::Runtime;

use super::{Fate, Object, Sink};
use crate::send::Pace;
use crate::stores::runtime;

/// Sends each raw object as one message.
pub(crate) struct Queue {
    queue: pik_aws::Queue,
    runtime: Runtime,
}

impl Queue {
    /// `sqs://NAME` or `sqs://ACCOUNT/NAME`; fails when there is no such queue.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        Ok(Self { queue: runtime.block_on(pik_aws::Queue::connect(url))?, runtime })
    }
}

impl Sink for Queue {
    fn deliver(&mut self, objects: &[Object]) -> Result<Vec<Fate>> {
        let mut events = Vec::with_capacity(objects.len());
        for object in objects {
            let raw = std::str::from_utf8(&object.raw).with_context(|| format!("`{}`", object.key))?;
            events.push((object.key.partition().event_id, raw));
        }
        let mut fates: Vec<Option<Fate>> = vec![None; objects.len()];
        let mut retry = 0;
        loop {
            // What the queue has is not sent again.
            let open: Vec<usize> = (0..objects.len()).filter(|place| fates[*place].is_none()).collect();
            if open.is_empty() {
                return Ok(fates.into_iter().flatten().collect());
            }
            let batch: Vec<_> = open.iter().map(|place| events[*place]).collect();
            let mut later = None;
            for (place, taken) in open.into_iter().zip(self.runtime.block_on(self.queue.send(&batch))?) {
                fates[place] = match taken {
                    Taken::Yes => Some(Fate::New),
                    Taken::Never(why) => Some(Fate::Refused(why)),
                    Taken::Later(why) => {
                        later = Some(why);
                        None
                    }
                };
            }
            if let Some(why) = later {
                retry += 1;
                match Pace::PATIENT.wait(retry, None, fastrand::f64()) {
                    Some(wait) => thread::sleep(wait),
                    None => bail!("giving up: {why}; run the same command again when the queue takes messages"),
                }
            }
        }
    }
}
