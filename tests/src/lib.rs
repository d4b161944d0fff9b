//! Suites that cross crates or targets.
