//! Where a request comes from, as far as its host and its headers say.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap};

/// The address of the client, which a host that knows it puts into a request's extensions. It is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) client: Option<IpAddr>,
    pub(crate) trace_id: Option<String>,
}

impl Origin {
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let traceparent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        Self {
            client: extensions.get().map(|Client(address)| *address),
            trace_id: traceparent.and_then(trace_id).map(str::to_owned),
        }
    }
}

/// The trace id of a `traceparent` as W3C's Trace Context, section 3.2, has it; later versions may be longer.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.splitn(4, '-');
    let (version, trace, parent, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let flags = rest.get(..2)?;
    let is_end = rest.len() == 2 || (version != "00" && rest[2..].starts_with('-'));
    let hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let is_valid = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && is_end;
    (is_valid && !zero(trace) && !zero(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::trace_id;

    #[test]
    fn a_trace_id_is_taken_from_what_the_standard_allows() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (given, taken) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01-what-comes", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01-what-comes", false),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01.", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa01a902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa01a902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-é", false),
            ("", false),
        ] {
            assert_eq!(trace_id(given), taken.then_some(TRACE), "{given}");
        }
    }
}
