//! `fuzz-seeds FOLDER`: the bodies and the times of the vectors, a file each, in FOLDER/body and FOLDER/time.

use std::fs;
use std::path::Path;

use pik_tests::vector;
use serde_json::Value;

/// A fuzzer changes a short seed sooner to something of interest.
const LONGEST: usize = 2_048;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: fuzz-seeds FOLDER")?;
    let (bodies, times) = (Path::new(&folder).join("body"), Path::new(&folder).join("time"));
    fs::create_dir_all(&bodies)?;
    fs::create_dir_all(&times)?;
    for (number, vector) in vector::all().iter().enumerate() {
        let body = vector.body();
        if body.len() > LONGEST {
            continue;
        }
        fs::write(bodies.join(number.to_string()), &body)?;
        if vector.group.starts_with("time")
            && let Ok(event) = serde_json::from_slice::<Value>(&body)
            && let Some(time) = event["event_time"].as_str()
        {
            fs::write(times.join(number.to_string()), time)?;
        }
    }
    Ok(())
}
