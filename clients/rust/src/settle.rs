//! The one loop that sends events until each is settled.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::answer::{Told, read};
use crate::{Client, Envelope, Error, IngestError, Settlement, Stored, Verdict};

impl Client {
    /// Sends one event, and again while the failure may pass.
    pub fn ingest(&self, event: &Envelope) -> Result<Stored, IngestError> {
        let Settlement { mut verdicts, stopped } = self.ingest_batch(std::slice::from_ref(event));
        IngestError::of(verdicts.pop().expect("an event has a verdict"), stopped)
    }

    /// Sends events in order, in as many requests as it takes, until each is settled or there is no hope.
    ///
    /// An event that fails is sent again; one that is settled is not. Read [`Settlement::stopped`], too.
    pub fn ingest_batch(&self, events: &[Envelope]) -> Settlement {
        self.ingest_batch_unless(&AtomicBool::new(false), events)
    }

    /// [`Client::ingest_batch`], which ends before the next request when `stop` is set.
    pub fn ingest_batch_unless(&self, stop: &AtomicBool, events: &[Envelope]) -> Settlement {
        settle(self, events, stop)
    }
}

/// Sends `events` until each is settled, `stop` is set, or there is no hope.
///
/// What is settled is not sent again, whatever happens to the others: a retry must not turn an ACCEPTED event into a
/// DUPLICATE.
fn settle(client: &Client, events: &[Envelope], stop: &AtomicBool) -> Settlement {
    let mut verdicts = vec![Verdict::Open; events.len()];
    // Parts in order, the next one last.
    let mut parts = client.parts(events);
    parts.reverse();
    while let Some(part) = parts.pop() {
        match settle_part(client, events, part, stop, &mut verdicts) {
            Ok(Part::Settled) => {}
            Ok(Part::TooLarge(open)) => {
                let (first, second) = open.split_at(open.len().div_ceil(2));
                parts.push(second.to_vec());
                parts.push(first.to_vec());
            }
            Err(stopped) => return Settlement { verdicts, stopped: Some(stopped) },
        }
    }
    Settlement { verdicts, stopped: None }
}

enum Part {
    Settled,
    /// The host takes smaller batches than these events, of which nothing is known.
    TooLarge(Vec<usize>),
}

/// Settles the events at the places in `open`.
fn settle_part(
    client: &Client,
    events: &[Envelope],
    mut open: Vec<usize>,
    stop: &AtomicBool,
    verdicts: &mut [Verdict],
) -> Result<Part, Error> {
    let mut retry = 0;
    while !open.is_empty() {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let batch: Vec<&Envelope> = open.iter().map(|place| &events[*place]).collect();
        let (answered, asked) = match client.post(&batch) {
            Err(error) => (Err(error), None),
            Ok(reply) => {
                let asked = reply.retry_after(client.timer.now());
                (read(reply, &batch, client.dry_run), asked)
            }
        };
        let before = open.len();
        let failure = match answered {
            Ok(Told::Each(told)) => {
                for (place, verdict) in open.iter().zip(told) {
                    verdicts[*place] = verdict;
                }
                open.retain(|place| !verdicts[*place].is_settled());
                None
            }
            Ok(Told::TooLarge(problems)) => match open.as_slice() {
                [only] => {
                    verdicts[*only] = Verdict::Rejected(problems);
                    return Ok(Part::Settled);
                }
                [..] => return Ok(Part::TooLarge(open)),
            },
            Err(error) if error.may_pass() => Some(error),
            Err(error) => return Err(error),
        };
        if open.is_empty() {
            break;
        }
        // A host that makes headway is worth more tries.
        retry = if open.len() < before { 1 } else { retry + 1 };
        match (client.backoff.wait(retry, asked, client.timer.random()), failure) {
            (Some(wait), _) => client.timer.sleep(wait),
            // The host answers, and fails for these events alone: the rest may fare better.
            (None, None) => break,
            (None, Some(error)) => return Err(error),
        }
    }
    Ok(Part::Settled)
}
