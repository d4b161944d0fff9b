//! `vector-answers`: every vector with native Rust's answer in place of the stated one, which has no messages.

use std::io::{BufWriter, Write};

use pik_tests::vector::{self, Expected};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for mut vector in vector::all() {
        let expected = Expected::of_body(&vector.body());
        if expected != vector.expected {
            return Err(format!("{}: {expected:?} where the vector states {:?}", vector.name, vector.expected).into());
        }
        vector.expected = expected;
        serde_json::to_writer(&mut out, &vector)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
