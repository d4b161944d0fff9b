//! Events to send, each check's its own.

use anyhow::{Result, anyhow};
use pik_core::{Event, IngestTime, Receipt, Submission};

/// What tells the events and receipts of one check in one run from all others.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    check: &'static str,
    nonce: u64,
}

/// An event that can be spelled in several ways.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) source: String,
    pub(crate) event_type: String,
    pub(crate) entity_id: String,
    pub(crate) event_time: String,
    /// JSON as it is to stand in the body.
    pub(crate) payload: String,
}

impl Sample {
    pub(crate) fn new(check: &'static str, nonce: u64) -> Self {
        Self { check, nonce }
    }

    /// An event of this check and run alone.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            source: "conformance".into(),
            event_type: "heartbeat".into(),
            entity_id: self.name(),
            event_time: "2025-12-28T23:59:59Z".into(),
            payload: r#"{"steps":10}"#.into(),
        }
    }

    /// [`Sample::draft`] with a number that makes it another event.
    pub(crate) fn numbered(&self, number: usize) -> Draft {
        Draft { payload: format!(r#"{{"steps":{number}}}"#), ..self.draft() }
    }

    /// The `nth` arrival in this check: no two share a receipt.
    pub(crate) fn arrival(&self, nth: usize, body: &str, ingest_time: IngestTime) -> Result<Submission> {
        self.arrival_as(Receipt::new(&format!("{}-{nth}", self.check), self.nonce, 0), body, ingest_time)
    }

    /// An arrival with a receipt of its own.
    pub(crate) fn arrival_as(&self, receipt: Receipt, body: &str, ingest_time: IngestTime) -> Result<Submission> {
        let event = Event::parse(body.as_bytes()).map_err(|rejection| anyhow!("sample rejected: {rejection:?}"))?;
        Ok(Submission::new(&event, ingest_time, receipt))
    }

    /// A text that no other check or run has.
    pub(crate) fn name(&self) -> String {
        format!("{}-{:016x}", self.check, self.nonce)
    }

    /// Midnight of a day in which no other check or run should have anything arrive: one of two million.
    pub(crate) fn midnight(&self) -> Result<IngestTime> {
        let digest = self
            .name()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // From the year 2031 on.
        let day = 22_280 + i64::try_from((digest >> 16) % 2_000_000)?;
        IngestTime::from_unix_ms(day * 86_400_000).ok_or_else(|| anyhow!("beyond the last ingest time"))
    }

    /// The nonce, for receipts that a check makes itself.
    pub(crate) fn nonce(&self) -> u64 {
        self.nonce
    }
}

impl Draft {
    /// The event in the shortest spelling.
    pub(crate) fn body(&self) -> String {
        format!(
            r#"{{"source":{},"event_type":{},"entity_id":{},"event_time":{},"payload":{}}}"#,
            quoted(&self.source),
            quoted(&self.event_type),
            quoted(&self.entity_id),
            quoted(&self.event_time),
            self.payload,
        )
    }

    /// The same event in another order, with line ends and `spaces` more spaces.
    pub(crate) fn respelled(&self, spaces: usize) -> String {
        format!(
            "{{\r\n\t\"payload\" : {},{}\n\"event_time\":{},\"entity_id\":{},\"event\\u005ftype\":{},\"source\":{}}}",
            self.payload,
            " ".repeat(spaces),
            quoted(&self.event_time),
            quoted(&self.entity_id),
            quoted(&self.event_type),
            quoted(&self.source),
        )
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An ingest time of a sample.
pub(crate) fn at(text: &str) -> Result<IngestTime> {
    text.parse().map_err(|error| anyhow!("ingest time `{text}`: {error:?}"))
}

/// The same, `milliseconds` later.
pub(crate) fn later(time: IngestTime, milliseconds: i64) -> Result<IngestTime> {
    IngestTime::from_unix_ms(time.unix_ms() + milliseconds).ok_or_else(|| anyhow!("beyond the last ingest time"))
}
