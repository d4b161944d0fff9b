//! The `pik` binary as its users meet it: processes, sockets, signals, files.
#![allow(clippy::unwrap_used, reason = "all of this is tests, the functions that they share too")]

mod backup;
mod cases;
#[cfg(feature = "otlp")]
mod collector;
mod command;
mod compare;
mod connection;
mod convert;
mod crash;
mod endpoints;
mod events;
mod exposition;
mod folders;
mod health;
mod help;
mod http2;
mod investigate;
mod lake;
mod limits;
mod log;
mod manual;
mod metrics;
mod paging;
mod progress;
mod ranges;
mod rejected;
mod restart;
mod said;
mod send;
mod server;
mod settled;
mod shutdown;
mod start;
mod store;
mod streams;
mod tail;
mod tls;
mod tokens;
#[cfg(feature = "otlp")]
mod traces;
mod verify;
#[cfg(not(feature = "otlp"))]
mod without_traces;
