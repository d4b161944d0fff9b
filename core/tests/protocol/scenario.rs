//! Who sends what, and how much goes wrong.

use pik_core::{Event, EventId, IngestTime, Receipt, Submission};

use crate::fault::Fault;

/// Clients that send at the same time, each with its retries.
pub(crate) struct Scenario {
    /// The attempts of each client: a later one begins when the one before had an error or crashed.
    pub(crate) clients: Vec<Vec<Submission>>,
    /// The events that they send.
    pub(crate) events: Vec<EventId>,
    /// One more attempt for each event, to complete whatever is left behind when everything stops at some instant.
    pub(crate) rescuers: Vec<Submission>,
    /// What may go wrong, and how often altogether.
    pub(crate) faults: &'static [Fault],
    pub(crate) fault_budget: u8,
    /// What every host's clock shows whenever something is committed. Nothing is older than this by more than the hosts
    /// wait for an answer, or every attempt is far too slow.
    pub(crate) clock: IngestTime,
}

/// Arrivals of one event before and after midnight, two of them in the same millisecond; then one seen from a clock
/// that is behind.
const ARRIVALS: [&str; 5] = [
    "2025-12-29T23:59:59.999Z",
    "2025-12-30T00:00:00.000Z",
    "2025-12-30T00:00:00.000Z",
    "2025-12-29T23:59:59.999Z",
    "2025-12-29T11:00:00.000Z",
];

impl Scenario {
    /// That many clients, dealt out over that many events.
    pub(crate) fn new(clients: usize, events: usize, faults: &'static [Fault], fault_budget: u8) -> Self {
        let attempts = |client: usize| {
            (0..=usize::from(fault_budget)).map(move |attempt| {
                let time = match attempt {
                    0 => ARRIVALS[client].to_owned(),
                    // The retries of all clients coincide.
                    _ => format!("2025-12-31T00:00:00.{attempt:03}Z"),
                };
                submission(client % events, 1 + client * 16 + attempt, &time, &name(client).to_string())
            })
        };
        let rescuer = |event| submission(event, 200 + event, "2026-01-01T00:00:00.000Z", "rescuer");
        let rescuers: Vec<_> = (0..events).map(rescuer).collect();
        Self {
            clients: (0..clients).map(|client| attempts(client).collect()).collect(),
            events: rescuers.iter().map(|rescuer| rescuer.event_id).collect(),
            rescuers,
            faults,
            fault_budget,
            clock: "2025-12-29T00:00:00.000Z".parse().unwrap(),
        }
    }

    /// The same without anything stopping at every instant: what goes wrong has to show in the interleavings alone.
    pub(crate) fn without_rescuers(self) -> Self {
        Self { rescuers: Vec::new(), ..self }
    }

    /// The same with hosts that take a day for everything.
    pub(crate) fn slow(self) -> Self {
        Self { clock: "2026-01-02T00:00:00.000Z".parse().unwrap(), ..self }
    }

    /// Everything that may be sent.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Submission> {
        self.clients.iter().flatten().chain(&self.rescuers)
    }
}

/// A client's name in traces.
pub(crate) fn name(client: usize) -> char {
    char::from(b'A' + client as u8)
}

/// An event in a spelling of its own: as the length differs, so does the size a record may tell.
fn submission(event: usize, spaces: usize, time: &str, request: &str) -> Submission {
    let body = format!(
        r#"{{"source":"simulation","event_type":"heartbeat","entity_id":"{event}","payload":{{"steps":10.0}},{}"event_time":"{}"}}"#,
        " ".repeat(spaces),
        ["2025-12-28T23:59:59Z", "20251229T005959+01"][spaces % 2],
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, time.parse().unwrap(), Receipt::new(request, spaces as u64, 0))
}
