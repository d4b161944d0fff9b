//! The event contract, without I/O.
