//! Where a connection stands, and since when.
//!
//! A timer for each request would cost more than the request's own bookkeeping. Instead a connection notes when it enters
//! a phase, and a slow tick of its own task compares.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
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

/// The phase of one connection. Its task alone changes it, so no ordering is needed.
pub(crate) struct PhaseClock {
    start: Instant,
    phase: AtomicU8,
    since_ms: AtomicU64,
    /// Of the request; the body and the answer have their limits from here.
    head_ms: AtomicU64,
    expired: AtomicBool,
    any_request: AtomicBool,
}

impl PhaseClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            since_ms: AtomicU64::new(0),
            head_ms: AtomicU64::new(0),
            expired: AtomicBool::new(false),
            any_request: AtomicBool::new(false),
        }
    }

    fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    pub(crate) fn phase(&self) -> Phase {
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

    /// A request's body is complete, or nobody wants the rest.
    pub(crate) fn end_body(&self) {
        if self.phase() == Phase::Body {
            self.phase.store(Phase::Answer as u8, Ordering::Relaxed);
        }
    }

    /// The answer is on its way.
    pub(crate) fn end_request(&self) {
        self.enter(Phase::Idle);
    }

    fn enter(&self, phase: Phase) {
        self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Whether the phase has lasted too long; a request then sees [`PhaseClock::expired`].
    pub(crate) fn check(&self, limits: &Limits) -> Option<Phase> {
        let phase = self.phase();
        let (since, limit) = match phase {
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

    /// Whether there was a request at all.
    pub(crate) fn any_request(&self) -> bool {
        self.any_request.load(Ordering::Relaxed)
    }
}
