//! The web console before a host that is somewhere else.

mod proxy;
mod serve;

pub(crate) use proxy::Proxy;
pub(crate) use serve::serve;
