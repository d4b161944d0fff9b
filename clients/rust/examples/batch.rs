//! Sends the lines of standard input: `cargo run -p pik-client --example batch -- http://127.0.0.1:8080 < events.ndjson`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::{BufRead, stdin};

use pik_client::{Client, Envelope, Verdict};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let client = Client::new(&url)?;
    let mut events = Vec::new();
    for (number, line) in stdin().lock().split(b'\n').enumerate() {
        match Envelope::new(&line?) {
            Ok(event) => events.push(event),
            Err(rejection) => println!("line {}: {rejection}", number + 1),
        }
    }
    let settlement = client.ingest_batch(&events);
    for (event, verdict) in events.iter().zip(&settlement.verdicts) {
        let became = match verdict {
            Verdict::Stored(stored) => stored.status.as_str().to_owned(),
            Verdict::Rejected(problems) => format!("REJECTED, {}", problems[0]),
            Verdict::Failed(problem) => format!("failed, {problem}"),
            Verdict::Open => "not known".to_owned(),
        };
        println!("{} {became}", event.id());
    }
    settlement.stopped.map_or(Ok(()), |why| Err(why.into()))
}
