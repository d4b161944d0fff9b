//! Where a connection stands, and since when.
//!
//! A timer for each request would cost more than the request's own bookkeeping. Instead a connection notes when it enters
//! a phase, and a slow tick of its own task compares.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Limits;

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// A request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// The store's answer.
    Answer,
}

/// The phase of one connection, or of one request where a connection has several at once. Its task alone changes it, so no
/// ordering is needed; `streams` and `since_ms` say the same in any.
pub(crate) struct PhaseClock {
    start: Instant,
    phase: AtomicU8,
    /// The requests at once that have clocks of their own.
    streams: AtomicUsize,
    since_ms: AtomicU64,
    /// Of the request; the body and the answer have their limits from here.
    head_ms: AtomicU64,
    expired: AtomicBool,
    any_request: AtomicBool,
    body_unread: AtomicBool,
    /// The status of the answer that hyper wrote by itself to what is not HTTP; 0 without one.
    refused: AtomicU16,
}

impl PhaseClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            streams: AtomicUsize::new(0),
            since_ms: AtomicU64::new(0),
            head_ms: AtomicU64::new(0),
            expired: AtomicBool::new(false),
            any_request: AtomicBool::new(false),
            body_unread: AtomicBool::new(false),
            refused: AtomicU16::new(0),
        }
    }

    /// How long there is the connection.
    pub(crate) fn age(&self) -> Duration {
        self.start.elapsed()
    }

    fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    pub(crate) fn phase(&self) -> Phase {
        if self.streams.load(Ordering::Relaxed) > 0 {
            return Phase::Answer;
        }
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Body,
            _ => Phase::Answer,
        }
    }

    /// Bytes came in.
    pub(crate) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Bytes went out.
    pub(crate) fn sent(&self) {
        if self.phase() == Phase::Idle {
            self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// A request's head is complete.
    pub(crate) fn begin_request(&self) {
        self.any_request.store(true, Ordering::Relaxed);
        self.expired.store(false, Ordering::Relaxed);
        self.enter(Phase::Body);
        self.head_ms.store(self.since_ms.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// A request's body is complete, or its rest is not wanted.
    pub(crate) fn end_body(&self) {
        if self.phase() == Phase::Body {
            self.phase.store(Phase::Answer as u8, Ordering::Relaxed);
        }
    }

    /// The answer is on its way.
    pub(crate) fn end_request(&self) {
        self.enter(Phase::Idle);
    }

    /// A request with a clock of its own begins.
    pub(crate) fn begin_stream(&self) {
        self.any_request.store(true, Ordering::Relaxed);
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// Its answer is on its way.
    pub(crate) fn end_stream(&self) {
        self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    fn enter(&self, phase: Phase) {
        self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Whether the phase has lasted too long; a request then sees [`PhaseClock::expired`].
    pub(crate) fn check(&self, limits: &Limits) -> Option<Phase> {
        let phase = self.phase();
        let (since, limit) = match phase {
            // A client that opens a connection has a request at hand.
            Phase::Idle if !self.any_request() => (&self.since_ms, limits.header),
            Phase::Idle => (&self.since_ms, limits.idle),
            Phase::Head => (&self.since_ms, limits.header),
            Phase::Body => (&self.head_ms, limits.body),
            Phase::Answer => (&self.head_ms, limits.request),
        };
        let lasted = self.now_ms().saturating_sub(since.load(Ordering::Relaxed));
        let over = Duration::from_millis(lasted) >= limit;
        if over {
            self.expired.store(true, Ordering::Relaxed);
        }
        over.then_some(phase)
    }

    /// Whether the request in hand has taken too long.
    pub(crate) fn expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// How long the connection has waited for its client, for one that can be closed without losing an answer: without a
    /// request at all, or within a request's head.
    pub(crate) fn waiting(&self) -> Option<(Phase, Duration)> {
        let phase = self.phase();
        match phase {
            Phase::Idle | Phase::Head => {
                let since = self.since_ms.load(Ordering::Relaxed);
                Some((phase, Duration::from_millis(self.now_ms().saturating_sub(since))))
            }
            Phase::Body | Phase::Answer => None,
        }
    }

    /// The request is answered although its body was not read to the end.
    pub(crate) fn leave_body_unread(&self) {
        self.body_unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending what is not read.
    pub(crate) fn body_unread(&self) -> bool {
        self.body_unread.load(Ordering::Relaxed)
    }

    /// hyper has answered what is not HTTP with this status.
    pub(crate) fn refuse(&self, status: u16) {
        self.refused.store(status, Ordering::Relaxed);
    }

    /// The status of [`PhaseClock::refuse`].
    pub(crate) fn refused(&self) -> Option<u16> {
        Some(self.refused.load(Ordering::Relaxed)).filter(|status| *status > 0)
    }

    /// Whether there was a request at all.
    pub(crate) fn any_request(&self) -> bool {
        self.any_request.load(Ordering::Relaxed)
    }
}
