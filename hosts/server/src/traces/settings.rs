//! The limits of what waits for a collector, in OpenTelemetry's variables.

use std::time::Duration;

use opentelemetry_sdk::trace::{BatchConfig, BatchConfigBuilder};

/// Spans that wait. Each takes about a kilobyte.
const SPANS: usize = 2_048;
const MAX_SPANS: usize = 65_536;

/// The library would look for spans without a pause if it were told to.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// The most spans that wait.
    pub(super) spans: usize,
    /// How long a span waits for others.
    pub(super) pause: Duration,
    /// How long a collector may take.
    pub(super) timeout: Duration,
}

impl Settings {
    /// Reads what `variable` has under a name. What is no number is as if it were not there, as OpenTelemetry wants it.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| variable(name)?.parse::<u64>().ok();
        let spans = number("OTEL_BSP_MAX_QUEUE_SIZE").filter(|spans| *spans > 0);
        let timeout = number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT").or_else(|| number("OTEL_EXPORTER_OTLP_TIMEOUT"));
        Self {
            spans: spans.map_or(SPANS, |spans| usize::try_from(spans).unwrap_or(MAX_SPANS).min(MAX_SPANS)),
            pause: number("OTEL_BSP_SCHEDULE_DELAY")
                .map_or(Duration::from_secs(5), Duration::from_millis)
                .max(SHORTEST_PAUSE),
            timeout: timeout.filter(|ms| *ms > 0).map_or(Duration::from_secs(10), Duration::from_millis),
        }
    }

    /// These, and how many spans go at once.
    pub(super) fn batches(self) -> BatchConfig {
        BatchConfigBuilder::default().with_max_queue_size(self.spans).with_scheduled_delay(self.pause).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[(&str, &str)]) -> Settings {
        Settings::read(|name| given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn numbers_are_taken_within_reason() {
        let usual = Settings { spans: 2_048, pause: Duration::from_secs(5), timeout: Duration::from_secs(10) };
        assert_eq!(of(&[]), usual);
        for nothing in [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
            ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ] {
            assert_eq!(of(&[nothing]), usual, "{nothing:?}");
        }
        let given = [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "18446744073709551615"),
            ("OTEL_BSP_SCHEDULE_DELAY", "0"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "7000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300"),
        ];
        let bounded = Settings { spans: 65_536, pause: SHORTEST_PAUSE, timeout: Duration::from_millis(300) };
        assert_eq!(of(&given), bounded);
    }
}
