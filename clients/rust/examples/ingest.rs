//! Sends one event and asks for it: `cargo run -p pik-client --example ingest -- http://127.0.0.1:8080`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use pik_client::{Client, Envelope};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let mut builder = Client::builder(&url);
    if let Ok(token) = std::env::var("PIK_TOKEN") {
        builder = builder.token(token);
    }
    let client = builder.build()?;

    let event = Envelope::new(
        br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
             "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#,
    )?;
    let stored = client.ingest(&event)?;
    println!("{} {}, {} ms late", stored.event_id, stored.status.as_str(), stored.ingest_lag_ms);

    let record = client.event(event.id())?.ok_or("it was stored just now")?;
    println!("arrived {}, {} bytes", record.ingest_time, record.raw_size);
    Ok(())
}
