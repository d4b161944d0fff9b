//! The `pik` binary.
fn main() {}
