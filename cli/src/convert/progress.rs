//! How much of a file has been read: a bar on a terminal, a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long nothing is told where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// How far the reading of a file has come.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Where there is no terminal.
    lines: Option<Lines>,
}

impl Progress {
    /// `total` is the size of the file in bytes, if that is known. With `Some(true)`, a terminal shows a bar; with `Some(false)`
    /// there are lines; with `None` nothing is shown.
    pub(crate) fn new(total: Option<u64>, terminal: Option<bool>, now: Instant) -> Self {
        let target = match terminal {
            Some(true) => ProgressDrawTarget::stderr(),
            Some(false) | None => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(total, target);
        let template = match total {
            Some(_) => "{bar:30} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
            None => "{spinner} {bytes} {bytes_per_sec} {elapsed}",
        };
        // INVARIANT: the templates above are right; a wrong one would leave the default style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let lines = (terminal == Some(false)).then_some(Lines { total, done: 0, began: now, told: now });
        Self { bar, lines }
    }

    /// Notes bytes that were read, and gives the line that is due.
    pub(crate) fn advance(&mut self, bytes: u64, now: Instant) -> Option<String> {
        self.bar.inc(bytes);
        self.lines.as_mut().and_then(|lines| lines.advance(bytes, now))
    }

    /// Does something while no bar is in the way.
    pub(crate) fn suspend<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

struct Lines {
    total: Option<u64>,
    done: u64,
    began: Instant,
    told: Instant,
}

impl Lines {
    fn advance(&mut self, bytes: u64, now: Instant) -> Option<String> {
        self.done += bytes;
        if now.saturating_duration_since(self.told) < BETWEEN_LINES {
            return None;
        }
        self.told = now;
        let elapsed = now.saturating_duration_since(self.began);
        let a_second = u128::from(self.done) * 1000 / elapsed.as_millis().max(1);
        let done = HumanBytes(self.done);
        let a_second = u64::try_from(a_second).unwrap_or(u64::MAX);
        let rate = HumanBytes(a_second);
        Some(match self.total {
            None => format!("{done}, {rate}/s"),
            Some(total) => {
                let left = Duration::from_secs(total.saturating_sub(self.done) / a_second.max(1));
                format!("{done} of {}, {rate}/s, {} left", HumanBytes(total), HumanDuration(left))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_terminal_a_line_is_told_each_ten_seconds() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut progress = Progress::new(Some(4 << 30), Some(false), begin);
        assert_eq!(progress.advance(1 << 30, at(9)), None);
        let line = "2.00 GiB of 4.00 GiB, 204.80 MiB/s, 10 seconds left";
        assert_eq!(progress.advance(1 << 30, at(10)).as_deref(), Some(line));
        assert_eq!(progress.advance(1, at(19)), None);
        let mut progress = Progress::new(None, Some(false), begin);
        assert_eq!(progress.advance(10 << 20, at(10)).as_deref(), Some("10.00 MiB, 1.00 MiB/s"));
        assert_eq!(Progress::new(None, None, begin).advance(1, at(20)), None);
    }
}
