//! The trace that a request is a part of.

use axum::http::{HeaderMap, HeaderValue};

/// A `traceparent` as W3C's Trace Context, section 3.2, has it: `00-TRACE-PARENT-FLAGS`. Later versions may be longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traceparent(HeaderValue);

impl Traceparent {
    /// That of a request which has one that is right. Of two none counts.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        is_right(value.to_str().ok()?).then(|| Self(value.clone()))
    }

    /// The trace: 32 hexadecimal digits in lower case, not all zero.
    pub fn trace_id(&self) -> &str {
        &self.text()[3..35]
    }

    /// What of the trace sent the request: 16 such digits.
    pub fn parent_id(&self) -> &str {
        &self.text()[36..52]
    }

    /// Whether the sender keeps the trace.
    pub fn is_sampled(&self) -> bool {
        matches!(self.text().as_bytes()[54], b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f')
    }

    fn text(&self) -> &str {
        self.0.to_str().expect("a traceparent is ASCII: it was checked when it was taken")
    }
}

fn is_right(traceparent: &str) -> bool {
    let mut parts = traceparent.splitn(4, '-');
    let (Some(version), Some(trace), Some(parent), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Some(flags) = rest.get(..2) else { return false };
    let is_end = rest.len() == 2 || (version != "00" && rest[2..].starts_with('-'));
    let hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let is_hex = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    is_hex && version != "ff" && is_end && !zero(trace) && !zero(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn taken(given: &[&str]) -> Option<Traceparent> {
        let named = |value: &&str| ("traceparent".parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        Traceparent::of(&given.iter().map(named).collect())
    }

    #[test]
    fn a_trace_is_taken_from_what_the_standard_allows() {
        for (given, is_taken) in [
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
            let found = taken(&[given]);
            assert_eq!(found.as_ref().map(Traceparent::trace_id), is_taken.then_some(TRACE), "{given}");
            assert!(found.is_none_or(|found| found.parent_id() == "00f067aa01a902b7"), "{given}");
            assert_eq!(taken(&[given, given]), None, "two of them: {given}");
        }
    }

    #[test]
    fn the_last_bit_of_the_flags_says_whether_a_trace_is_kept() {
        for (flags, is_sampled) in
            [("00", false), ("01", true), ("02", false), ("0a", false), ("0b", true), ("ff", true), ("10", false)]
        {
            let found = taken(&[&format!("00-{TRACE}-00f067aa01a902b7-{flags}")]).unwrap();
            assert_eq!(found.is_sampled(), is_sampled, "{flags}");
        }
    }
}
