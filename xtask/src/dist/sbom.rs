//! The list of parts, in CycloneDX: every crate that is linked into `pik`.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use super::Release;
use super::linked::Linked;
use crate::command::{Run, program};

pub(super) fn write(release: &Release, linked: &[Linked]) -> Result<()> {
    let time =
        program("date").args(["--utc", "--date", &format!("@{}", release.epoch), "+%Y-%m-%dT%H:%M:%SZ"]).read()?;
    let (program, parts): (Vec<_>, Vec<_>) = linked.iter().partition(|part| part.name == "pik");
    // No serial number: it would be random, and two lists of the same parts would differ.
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.trim(),
            "component": program.first().map(|part| component(part, "application")),
        },
        "components": parts.iter().map(|part| component(part, "library")).collect::<Vec<_>>(),
    });
    let file = release.out.join(format!("pik-{}.cdx.json", release.version));
    Ok(fs::write(file, format!("{list:#}\n"))?)
}

fn component(part: &Linked, kind: &str) -> Value {
    let url = format!("pkg:cargo/{}@{}", part.name, part.version);
    let mut component = json!({
        "type": kind,
        "bom-ref": url,
        "name": part.name,
        "version": part.version,
        "purl": url,
        "licenses": [{ "expression": part.license }],
    });
    if let Some(sum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    component
}
