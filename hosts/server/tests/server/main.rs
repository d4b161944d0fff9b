//! The server as its clients meet it: sockets, limits, faults.
#![allow(clippy::unwrap_used, reason = "all of this is tests, the functions that they share too")]

mod bodies;
mod connections;
mod faulty;
mod hosts;
mod http2;
mod large;
mod metrics;
mod not_http;
mod served;
