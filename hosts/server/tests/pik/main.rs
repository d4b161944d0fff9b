//! The `pik` binary as its users meet it: processes, sockets, signals, files.

mod command;
mod connection;
mod crash;
mod events;
mod limits;
mod log;
mod metrics;
mod send;
mod server;
mod shutdown;
mod start;
mod store;
