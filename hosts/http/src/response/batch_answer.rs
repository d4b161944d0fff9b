//! The answer to a batch, written as the results come.

use axum::http::StatusCode;
use pik_core::{Answer, Outcome, Rejection, StoreError};

use super::answer::{BatchEntry, Failed, Ingested, Rejected};
use super::json::append;
use crate::error_code::store_message;
use crate::{ErrorCode, Observation, Subject};

/// What the answer to an accepted event takes at most, save for long names.
const BYTES_EACH: usize = 384;

/// The answer to a batch, written as the results come: the same text as [`super::answer::Batch`] in one pass.
pub(crate) struct BatchAnswer {
    dry_run: bool,
    text: Vec<u8>,
    status: StatusCode,
    index: usize,
    accepted: usize,
    duplicate: usize,
    rejected: usize,
    failed: usize,
    observations: Vec<Observation>,
    /// Where in the observations each kind of failure is: a store that is away fails all of a batch.
    failures: Vec<usize>,
}

impl BatchAnswer {
    pub(crate) fn new(dry_run: bool, events: usize) -> Self {
        let mut text = Vec::with_capacity(events * BYTES_EACH);
        text.extend_from_slice(b"{\"results\":[");
        Self {
            dry_run,
            text,
            status: StatusCode::OK,
            index: 0,
            accepted: 0,
            duplicate: 0,
            rejected: 0,
            failed: 0,
            observations: Vec::with_capacity(events),
            failures: Vec::new(),
        }
    }

    pub(crate) fn reject(&mut self, rejection: &Rejection) {
        let index = self.next();
        self.rejected += 1;
        self.write(BatchEntry::Rejected(Rejected::of(rejection.problems(), Some(index), self.dry_run)));
        self.observations.push(Observation::rejected(rejection).at(index));
    }

    pub(crate) fn add(&mut self, subject: Subject, result: Result<Answer, StoreError>) {
        match result {
            Ok(answer) => self.ingested(subject, &answer),
            Err(error) => self.failed(subject, &error),
        }
    }

    fn ingested(&mut self, subject: Subject, answer: &Answer) {
        let index = self.next();
        match answer.status {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Duplicate => self.duplicate += 1,
        }
        self.write(BatchEntry::Ingested(Ingested::of(answer, Some(index), self.dry_run)));
        self.observations.push(Observation::ingested(subject, answer.status, answer.ingest_lag_ms).at(index));
    }

    fn failed(&mut self, subject: Subject, error: &StoreError) {
        let index = self.next();
        self.failed += 1;
        let code = ErrorCode::from(error);
        // 503 before 500, because a pause may help; either before 200.
        if self.status != StatusCode::SERVICE_UNAVAILABLE {
            self.status = code.http_status();
        }
        self.write(BatchEntry::Failed(Failed::of(code, store_message(error), Some(index), self.dry_run)));
        let observations = &mut self.observations;
        let same = self.failures.iter().copied().find(|at| {
            let known = &observations[*at];
            known.codes == [code.as_str()] && known.reason.as_deref() == Some(error.reason())
        });
        match same {
            Some(at) => observations[at].add_same(),
            None => {
                self.failures.push(observations.len());
                observations
                    .push(Observation::error(code, Some(error.reason().to_owned())).of_event(subject).at(index));
            }
        }
    }

    fn next(&mut self) -> usize {
        let index = self.index;
        self.index += 1;
        index
    }

    fn write(&mut self, entry: BatchEntry<'_>) {
        if self.text.last() != Some(&b'[') {
            self.text.push(b',');
        }
        append(&mut self.text, &entry);
    }

    /// The HTTP status, the text, and what logs and metrics are told.
    pub(crate) fn complete(self) -> (StatusCode, Vec<u8>, Vec<Observation>) {
        let Self { dry_run, mut text, status, accepted, duplicate, rejected, failed, observations, .. } = self;
        let dry_run = if dry_run { ",\"dry_run\":true" } else { "" };
        text.extend_from_slice(
            format!(
                "],\"accepted\":{accepted},\"duplicate\":{duplicate},\"rejected\":{rejected},\"failed\":{failed}{dry_run}}}"
            )
            .as_bytes(),
        );
        (status, text, observations)
    }
}
