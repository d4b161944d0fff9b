//! What an id costs beside SHA-256 and `serde_json`.

use crate::bench::Part;
use crate::command::{Run, cargo};

pub(super) const PART: Part = Part {
    name: "core",
    about: "Event::parse beside SHA-256 and serde_json of the same bytes",
    run: |_| cargo().args(["bench", "--quiet", "--package", "pik-core", "--bench", "event"]).run(),
};
