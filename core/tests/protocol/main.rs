//! The write protocol in a simulated world: every interleaving of several requests of one event, with a fault before
//! and after every call, and longer random runs.
//!
//! | file | |
//! |---|---|
//! | `exhaustive.rs`, `random.rs` | the tests: the protocol, through everything and through longer runs |
//! | `mistakes.rs`, `reference.rs` | the tests of the check itself |
//! | `promises.rs` | what must hold at every instant |
//! | `scenario.rs`, `fault.rs` | who sends what, what goes wrong |
//! | `machine.rs`, `explore.rs` | what may happen next, and going through all of it |
//! | `wire.rs`, `contents.rs` | a request's calls as values, and what they do to the stores |
//! | `mutants.rs` | the protocol with a mistake in it |
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test all through, outside its test functions too")]
#![allow(clippy::disallowed_types, reason = "hash maps are only looked up, and clocks only tell how long it took")]

mod contents;
mod exhaustive;
mod explore;
mod fault;
mod interner;
mod machine;
mod mistakes;
mod mutants;
mod promises;
mod random;
mod reference;
mod scenario;
mod step;
mod wire;
