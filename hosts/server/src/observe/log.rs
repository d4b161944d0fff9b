//! Log lines on standard error, written by a thread of their own.
//!
//! A request appends its lines to a buffer and never waits for standard error. Lines appear within some milliseconds; at
//! a normal end all of them are written. If standard error is too slow, and [`BUFFER_BYTES`] have gathered, lines are
//! dropped and counted: clients do not wait for the log, because the records are in the store.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use prometheus::IntCounter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What gathers while standard error does not take it.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// How long lines gather before they are written in one go.
const GATHER: Duration = Duration::from_millis(2);

/// What is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Faults of the service.
    Error,
    /// Also requests that were refused for reasons other than their events.
    Warn,
    /// Also one line for each batch, and for each event that came alone.
    Info,
    /// Also each event of a batch, requests without events, and connections that broke.
    Debug,
    /// Everything.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// The process's log. Dropping it writes what is left.
pub struct Log {
    buffer: Arc<Buffer>,
    writer: Option<JoinHandle<()>>,
}

impl Log {
    /// Starts logging; everything that uses `tracing` ends here.
    pub fn start(level: Level, dropped: IntCounter) -> io::Result<Self> {
        let buffer = Arc::new(Buffer { lines: Mutex::default(), filled: Condvar::new(), dropped });
        let shared = Arc::clone(&buffer);
        let writer = thread::Builder::new().name("pik-log".into()).spawn(move || shared.write_to(&mut io::stderr()))?;
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_target(false)
            .with_max_level(LevelFilter::from(level))
            .with_writer(LogLines(Arc::clone(&buffer)))
            .init();
        std::panic::set_hook(Box::new(|panic| {
            // A formatted message could quote a payload; a literal cannot.
            let message = panic.payload().downcast_ref::<&'static str>().copied();
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, reason = message, "panic");
        }));
        Ok(Self { buffer, writer: Some(writer) })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.buffer.lines().closed = true;
        self.buffer.filled.notify_one();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

struct Buffer {
    lines: Mutex<Lines>,
    filled: Condvar,
    dropped: IntCounter,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    dropped: u64,
    writer_waits: bool,
    closed: bool,
}

impl Buffer {
    // Nothing in the critical sections panics.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut lines = self.lines();
        if lines.text.len() + line.len() > BUFFER_BYTES {
            lines.dropped += 1;
            self.dropped.inc();
            return;
        }
        lines.text.extend_from_slice(line);
        let wake = std::mem::take(&mut lines.writer_waits);
        drop(lines);
        if wake {
            self.filled.notify_one();
        }
    }

    fn write_to(&self, out: &mut impl Write) {
        let mut text = Vec::new();
        while self.take(&mut text) {
            // There is no other place to complain about standard error.
            let _ = out.write_all(&text).and_then(|()| out.flush());
            text.clear();
            thread::sleep(GATHER);
        }
    }

    /// Waits for lines and moves them into `text`; false when there will be none any more.
    fn take(&self, text: &mut Vec<u8>) -> bool {
        let mut lines = self.lines();
        while lines.text.is_empty() {
            if lines.closed {
                return false;
            }
            lines.writer_waits = true;
            lines = self.filled.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        lines.writer_waits = false;
        std::mem::swap(&mut lines.text, text);
        let dropped = std::mem::take(&mut lines.dropped);
        drop(lines);
        if dropped > 0 {
            let line = serde_json::json!({
                "level": "WARN",
                "message": "lines were dropped because standard error did not take them",
                "lines": dropped,
            });
            text.extend_from_slice(line.to_string().as_bytes());
            text.push(b'\n');
        }
        true
    }
}

/// Where `tracing` writes; one call of `write` is one line.
struct LogLines(Arc<Buffer>);

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine(&self.0)
    }
}

struct LogLine<'a>(&'a Buffer);

impl Write for LogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
