//! What a peer did.

use std::time::Instant;

use anyhow::Result;

use super::processor_time;

/// Events a second, and what each cost the server.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    pub(super) events_per_second: f64,
    /// Microseconds of the server's processor time an event.
    pub(super) processor_us: f64,
}

impl Rate {
    /// Of a load that returns how many events the server `process` took.
    pub(super) fn of(process: u32, load: impl FnOnce() -> Result<u64>) -> Result<Self> {
        let (before, start) = (processor_time::seconds(process)?, Instant::now());
        let events = load()? as f64;
        let (seconds, taken) = (start.elapsed().as_secs_f64(), processor_time::seconds(process)? - before);
        Ok(Self { events_per_second: events / seconds, processor_us: taken * 1e6 / events })
    }
}
