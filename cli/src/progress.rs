//! How far a command has come: a bar on a terminal, a line now and then elsewhere.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, LineWriter, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::output::results;
use crate::terminal::tell;

/// How long nothing is told where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
/// How often a bar is drawn while nothing comes.
const BETWEEN_TICKS: Duration = Duration::from_millis(250);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    /// Things of this name.
    Count(&'static str),
}

/// How far a command has come. What it shows is gone from a terminal when this is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    unit: Unit,
    lines: Option<Lines>,
}

/// What tells lines, and the sender whose end is its end.
struct Lines {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Of `total`, if that is known.
    pub(crate) fn new(unit: Unit, total: Option<u64>) -> Self {
        Self::going_on(unit, total, 0)
    }

    /// `done` of the total were done before the command began.
    pub(crate) fn going_on(unit: Unit, total: Option<u64>, done: u64) -> Self {
        // It is hidden where there is no terminal, or one that can move no cursor.
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr()).with_position(done);
        bar.set_style(style(unit, total.is_some(), false));
        bar.reset_eta();
        let lines = bar.is_hidden().then(|| lines(bar.clone(), unit, done));
        if lines.is_none() {
            bar.tick();
            bar.enable_steady_tick(BETWEEN_TICKS);
        }
        Self { bar, unit, lines }
    }

    /// Of a command whose results are lines for a person: on a terminal they are all that is shown.
    pub(crate) fn of_listing(unit: Unit, total: Option<u64>) -> Self {
        if io::stdout().is_terminal() {
            return Self { bar: ProgressBar::hidden(), unit, lines: None };
        }
        Self::new(unit, total)
    }

    /// Notes that so much more is done.
    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Notes that so much is done in all, and how much there is.
    pub(crate) fn reach(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// What else a person wants to know meanwhile, in a line below the bar.
    pub(crate) fn note(&self, said: impl Display) {
        if self.bar.is_hidden() {
            return;
        }
        if self.bar.message().is_empty() {
            self.bar.set_style(style(self.unit, self.bar.length().is_some(), true));
        }
        self.bar.set_message(said.to_string());
    }

    /// A line on standard error.
    pub(crate) fn tell(&self, line: impl Display) {
        self.suspend(|| tell(line));
    }

    /// Does something while no bar is in the way.
    pub(crate) fn suspend<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    /// Standard output, above the bar if both are shown on a terminal.
    pub(crate) fn results(&self) -> Box<dyn Write + Send> {
        if self.bar.is_hidden() || !io::stdout().is_terminal() {
            return results();
        }
        Box::new(LineWriter::new(Above { bar: self.bar.clone() }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        if let Some(Lines { end, thread }) = self.lines.take() {
            drop(end);
            // It has nothing to hand over, and a panic of it was told.
            let _ = thread.join();
        }
    }
}

/// Lines that scroll past a bar.
struct Above {
    bar: ProgressBar,
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bar.suspend(|| io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// At most 80 columns in each line.
fn style(unit: Unit, has_total: bool, has_message: bool) -> ProgressStyle {
    let template = match (unit, has_total) {
        (Unit::Bytes, true) => "{bar:16} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} eta {eta}".to_owned(),
        (Unit::Bytes, false) => "{spinner} {bytes} {bytes_per_sec} {elapsed}".to_owned(),
        (Unit::Count(_), true) => "{bar:16} {percent:>3}% {human_pos}/{human_len} {rate} eta {eta}".to_owned(),
        (Unit::Count(what), false) => format!("{{spinner}} {{human_pos}} {what} {{rate}} {{elapsed}}"),
    };
    let template = if has_message { template + "\n{wide_msg}" } else { template };
    let style = ProgressStyle::with_template(&template).expect("the templates above are right");
    style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A failure to write text into memory leaves the text away.
        let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
    })
}

/// Starts to tell lines of a bar that is not shown.
fn lines(bar: ProgressBar, unit: Unit, before: u64) -> Lines {
    let (end, ended) = channel::<()>();
    let goes_on = move || match ended.recv_timeout(BETWEEN_LINES) {
        Err(RecvTimeoutError::Timeout) => true,
        Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
    };
    let now = move || At { done: bar.position(), total: bar.length(), elapsed: bar.elapsed() };
    let thread = thread::spawn(move || tell_lines(unit, before, goes_on, now, tell));
    Lines { end, thread }
}

/// How far it has come at an instant.
struct At {
    done: u64,
    total: Option<u64>,
    elapsed: Duration,
}

/// Tells a line each time that `goes_on` comes back, until it says that the end is there.
fn tell_lines(
    unit: Unit,
    before: u64,
    mut goes_on: impl FnMut() -> bool,
    mut now: impl FnMut() -> At,
    mut tell: impl FnMut(String),
) {
    while goes_on() {
        tell(line(unit, before, &now()));
    }
}

fn line(unit: Unit, before: u64, at: &At) -> String {
    let At { done, total, elapsed } = *at;
    let a_second = u128::from(done.saturating_sub(before)) * 1000 / elapsed.as_millis().max(1);
    let a_second = u64::try_from(a_second).unwrap_or(u64::MAX);
    let (amount, what) = match unit {
        Unit::Bytes => ((|bytes| HumanBytes(bytes).to_string()) as fn(u64) -> String, String::new()),
        Unit::Count(what) => ((|count| HumanCount(count).to_string()) as fn(u64) -> String, format!(" {what}")),
    };
    let (shown, rate) = (amount(done), amount(a_second));
    let Some(total) = total else { return format!("{shown}{what}, {rate}/s") };
    let shown = format!("{shown} of {}{what}, {rate}/s", amount(total));
    match total.saturating_sub(done).checked_div(a_second) {
        Some(left) => format!("{shown}, {} left", HumanDuration(Duration::from_secs(left))),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of something that stands at these places after 10 s, 20 s and so on.
    fn told(unit: Unit, before: u64, total: Option<u64>, places: &[u64]) -> Vec<String> {
        let (mut rounds, mut at, mut told) = (0..=places.len(), (10..).step_by(10).zip(places), Vec::new());
        let goes_on = || rounds.next().is_some_and(|round| round < places.len());
        let now = || {
            let (seconds, done) = at.next().unwrap();
            At { done: *done, total, elapsed: Duration::from_secs(seconds) }
        };
        tell_lines(unit, before, goes_on, now, |line| told.push(line));
        told
    }

    #[test]
    fn where_there_is_no_terminal_a_line_is_told_each_ten_seconds() {
        let lines = [
            "2.00 GiB of 4.00 GiB, 204.80 MiB/s, 10 seconds left",
            "4.00 GiB of 4.00 GiB, 204.80 MiB/s, 0 seconds left",
        ];
        assert_eq!(told(Unit::Bytes, 0, Some(4 << 30), &[2 << 30, 4 << 30]), lines);
        assert_eq!(told(Unit::Bytes, 0, None, &[10 << 20]), ["10.00 MiB, 1.00 MiB/s"]);
        assert_eq!(told(Unit::Bytes, 0, None, &[]), [""; 0], "what ends before that tells nothing");
    }

    #[test]
    fn the_rate_is_of_what_was_done_since_the_beginning() {
        let lines =
            ["40,000 of 100,000 events, 1,000/s, 60 seconds left", "40,000 of 100,000 events, 500/s, 2 minutes left"];
        assert_eq!(told(Unit::Count("events"), 30_000, Some(100_000), &[40_000, 40_000]), lines);
        let stalled = ["0 of 5 events, 0/s"];
        assert_eq!(told(Unit::Count("events"), 0, Some(5), &[0]), stalled, "nobody knows how long that takes");
        assert_eq!(told(Unit::Count("records"), 0, None, &[25_000]), ["25,000 records, 2,500/s"]);
    }
}
