//! Where a request comes from, as far as its host and its headers say.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap, HeaderValue, header};

use super::traceparent::Traceparent;

/// The address of the client, which a host that knows it puts into a request's extensions. It is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) client: Option<IpAddr>,
    pub(crate) traceparent: Option<Traceparent>,
    pub(crate) user_agent: Option<HeaderValue>,
}

impl Origin {
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        Self {
            client: extensions.get().map(|Client(address)| *address),
            traceparent: Traceparent::of(headers),
            user_agent: headers.get(header::USER_AGENT).cloned(),
        }
    }
}
