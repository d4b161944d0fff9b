//! Lags for people.

use std::fmt;

/// A lag in milliseconds, printed with its two largest units: `20h 15m`, `1.250s`, `-3m 20s`.
pub(crate) struct Lag(pub(crate) i64);

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.unsigned_abs();
        let (seconds, minutes, hours, days) = (ms / 1_000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
        let text = if days > 0 {
            format!("{days}d {:02}h", hours % 24)
        } else if hours > 0 {
            format!("{hours}h {:02}m", minutes % 60)
        } else if minutes > 0 {
            format!("{minutes}m {:02}s", seconds % 60)
        } else {
            format!("{seconds}.{:03}s", ms % 1_000)
        };
        f.pad(&if self.0 < 0 { format!("-{text}") } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::Lag;

    #[test]
    fn lags_have_two_units() {
        let cases = [
            (0, "0.000s"),
            (-1, "-0.001s"),
            (59_999, "59.999s"),
            (60_000, "1m 00s"),
            (72_936_580, "20h 15m"),
            (-86_400_000, "-1d 00h"),
            (i64::MIN, "-106751991167d 07h"),
        ];
        for (ms, text) in cases {
            assert_eq!(Lag(ms).to_string(), text);
        }
    }
}
