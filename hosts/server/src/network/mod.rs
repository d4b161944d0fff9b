//! From a listening socket to the bytes of one connection.

mod connection;
mod listener;
mod slots;
mod socket;
mod tls;

pub(crate) use listener::serve;
pub use tls::Tls;
