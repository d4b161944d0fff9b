//! The house as `ARCHITECTURE.md` draws it: crates use crates below them, files import in no circle.

mod crates;
mod files;
