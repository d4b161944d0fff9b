//! From a listening socket to the bytes of one connection.

mod connection;
mod http2;
mod listener;
mod returned;
mod slots;
mod socket;
mod tls;
mod unsent;

pub(crate) use listener::serve;
pub use tls::Tls;
