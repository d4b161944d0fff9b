//! Events for tests.

/// An event that differs from every other by its number.
pub(crate) fn event(number: u64) -> Vec<u8> {
    format!(
        "{{\"source\":\"test\",\"event_type\":\"tick\",\"entity_id\":\"user_{}\",\
         \"event_time\":\"2026-01-01T00:00:00Z\",\"payload\":{{\"number\":{number}}}}}",
        number % 10
    )
    .into_bytes()
}

/// The contract's example.
pub(crate) const EXAMPLE: &[u8] = br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
 "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#;

pub(crate) const EXAMPLE_ID: &str = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";
