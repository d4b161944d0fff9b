//! An SQS queue.

use std::thread;

use anyhow::{Context, Result, bail};
use pik_client::Backoff;
use tokio::runtime::Runtime;

use super::sqs::{SqsQueue, Taken};
use crate::runtime::runtime;
use crate::transfer::{Fate, Object, Sink};

/// Sends each raw object as one message.
pub(crate) struct Queue {
    queue: SqsQueue,
    runtime: Runtime,
}

impl Queue {
    /// `sqs://NAME` or `sqs://ACCOUNT/NAME`; fails when there is no such queue.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        Ok(Self { queue: runtime.block_on(SqsQueue::connect(url))?, runtime })
    }
}

impl Sink for Queue {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        let mut events = Vec::with_capacity(objects.len());
        for object in objects {
            let raw = std::str::from_utf8(object.raw()).with_context(|| format!("`{}`", object.key))?;
            events.push((*object.event.id(), raw));
        }
        let backoff = Backoff::default();
        let mut open: Vec<usize> = (0..objects.len()).collect();
        let mut retry = 0;
        // What the queue has is not sent again.
        while !open.is_empty() {
            let batch: Vec<_> = open.iter().map(|place| events[*place]).collect();
            let mut later = None;
            let mut still_open = Vec::new();
            for (place, taken) in open.into_iter().zip(self.runtime.block_on(self.queue.send(&batch))?) {
                match taken {
                    Taken::Yes => note(place, Fate::New),
                    Taken::Never(why) => note(place, Fate::Refused(why)),
                    Taken::Later(why) => {
                        later = Some(why);
                        still_open.push(place);
                    }
                }
            }
            open = still_open;
            if let Some(why) = later {
                retry += 1;
                match backoff.wait(retry, None, fastrand::f64()) {
                    Some(wait) => thread::sleep(wait),
                    None => bail!("giving up: {why}; run the same command again when the queue takes messages"),
                }
            }
        }
        Ok(())
    }
}
