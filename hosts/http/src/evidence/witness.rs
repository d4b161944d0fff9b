//! What is known of a request whose events are refused.

use std::sync::Arc;

use axum::http::HeaderValue;
use pik_core::{
    BodyHash, Code, CountedCode, CountedUnder, IngestTime, KeptBody, KeptError, Legible, Rejection, RejectionRecord,
    hour_of,
};
use sha2::{Digest, Sha256};

use super::Waiting;

/// The most bytes of a `User-Agent` that are kept.
const MAX_USER_AGENT_BYTES: usize = 128;

/// What is known of a request whose events are refused. Cheap to make: most requests have none.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) request_id: HeaderValue,
    pub(crate) user_agent: Option<HeaderValue>,
    /// The name of the token that let the request in.
    pub(crate) token: Option<String>,
    /// Counts, and no records.
    pub(crate) dry_run: bool,
    pub(crate) keeps_bodies: bool,
}

impl Witness {
    /// Takes note of an event, or of a whole body, that was looked into and refused.
    pub(crate) fn rejected(&self, time: IngestTime, index: Option<usize>, bytes: &[u8], rejection: &Rejection) {
        let Some(first) = rejection.problems().first() else { return };
        // What is too large was not looked into.
        let is_recorded = !self.dry_run && first.code != Code::TooLarge && self.waiting.may_hash(bytes.len());
        let record = is_recorded.then(|| self.record(time, index, bytes, rejection));
        self.waiting.add(under(time, CountedCode::Rejected(first.code), rejection.legible().clone()), record);
    }

    /// Counts a request that was refused before its body was looked into.
    pub(crate) fn counted(&self, time: IngestTime, code: CountedCode) {
        self.waiting.add(under(time, code, Legible::default()), None);
    }

    fn record(&self, time: IngestTime, index: Option<usize>, bytes: &[u8], rejection: &Rejection) -> RejectionRecord {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let user_agent = self.user_agent.as_ref().map(text).map(|mut text| {
            text.truncate(text.floor_char_boundary(MAX_USER_AGENT_BYTES));
            text
        });
        RejectionRecord {
            first_time: time,
            last_time: time,
            count: 1,
            request_id: text(&self.request_id),
            index: index.map(|index| index as u64),
            errors: KeptError::of(rejection.problems()),
            length: bytes.len() as u64,
            sha256: BodyHash::from_bytes(Sha256::digest(bytes).into()),
            legible: rejection.legible().clone(),
            token: self.token.clone(),
            user_agent,
            body: self.keeps_bodies.then(|| KeptBody::of(bytes)),
        }
    }
}

fn under(time: IngestTime, code: CountedCode, Legible { source, event_type, .. }: Legible) -> CountedUnder {
    CountedUnder { hour: hour_of(time), source, event_type, code }
}
