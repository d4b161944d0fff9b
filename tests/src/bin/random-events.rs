//! `random-events COUNT [SEED]`: COUNT seeded bodies with native Rust's answers, in the vectors' schema, a line each.

use std::io::{BufWriter, Write};

use pik_tests::random_event;
use pik_tests::vector::Vector;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let count = arguments.next().ok_or("usage: random-events COUNT [SEED]")??;
    let seed = arguments.next().transpose()?.unwrap_or(1);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for index in 0..count {
        let body = random_event::body(seed, index);
        let comment = format!("body {index} of seed {seed}");
        let vector = Vector::of_body("random-events", &index.to_string(), comment, &body);
        serde_json::to_writer(&mut out, &vector)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
