//! `POST /ingest/batch`: many events, each on its own.
//!
//! A 200 says that no event was lost here: each is durable, or REJECTED with its errors. If the store failed for any of
//! them the answer is 503 (500 when only faults of the service are among them), with the same body. A client that looks at
//! the HTTP status alone sends everything again, which is safe; one that reads the body sends the ERROR ones again.

use axum::body::Body;
use axum::http::request::Parts;
use pik_core::{
    Answer, Code, Event, Problem, Receipt, Rejection, Store, StoreError, Submission, split_array, split_lines,
};

use super::intake::{Intake, Terms, receive};
use crate::limits::MAX_LISTED_PROBLEMS;
use crate::request::body_budget::Share;
use crate::request::media::MediaType;
use crate::request::mistaken;
use crate::response::batch_answer::BatchAnswer;
use crate::response::json::json_response;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Config, Host, Subject};

mod foretell;

/// What is taken here.
pub(crate) const TERMS: Terms = Terms {
    media_types: &[MediaType::Json, MediaType::Ndjson],
    other_type: "a batch is `application/x-ndjson` or `application/json` in UTF-8; say so in Content-Type",
    limit: |config| config.max_batch_bytes,
    too_large,
};

/// What an event takes beside its bytes while it is under way: its record, its answer, its observation.
const BYTES_BESIDE: usize = 1024;

type Item = Result<Submission, Rejection>;

/// Ingests many events.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    let received = receive(service, call, head, body, &TERMS).await?;
    let reading = Reading::new(service.config(), call.request_id(), service.host().nonce());
    let (items, _share) = received.work(service.host(), move |intake| reading.items(intake)).await?;

    let mut submissions = Vec::with_capacity(items.len());
    let mut expected = Vec::with_capacity(items.len());
    for item in items {
        expected.push(item.map(|submission| {
            let subject = Subject::of_submission(&submission);
            submissions.push(submission);
            subject
        }));
    }
    let results = if submissions.is_empty() {
        Vec::new()
    } else if call.dry_run() {
        foretell::answers(service.store(), &submissions).await
    } else {
        service.store().ingest_batch(submissions).await
    };
    Ok(answer(call.dry_run(), expected, results))
}

fn too_large(limit: usize) -> Rejection {
    let message = format!("the batch is over the limit of {limit} bytes; send several smaller ones");
    Rejection::of(Problem::of_body(Code::TooLarge, message))
}

/// A batch cut into its events.
pub(crate) fn pieces(media_type: MediaType, bytes: &[u8], max_events: usize) -> Result<Vec<&[u8]>, Rejection> {
    if let Some(rejection) = mistaken::batch(media_type, bytes) {
        return Err(rejection);
    }
    match media_type {
        MediaType::Json => split_array(bytes, max_events),
        MediaType::Ndjson => split_lines(bytes, max_events),
    }
}

/// All that it takes to read a batch, wherever that is done.
struct Reading {
    max_events: usize,
    max_event_bytes: usize,
    request_id: String,
    nonce: u64,
}

impl Reading {
    fn new(config: &Config, request_id: &str, nonce: u64) -> Self {
        let Config { max_batch_events: max_events, max_event_bytes, .. } = *config;
        Self { max_events, max_event_bytes, request_id: request_id.to_owned(), nonce }
    }

    fn items(&self, intake: Intake) -> Result<(Vec<Item>, Share), Refusal> {
        let bytes = intake.bytes.clone();
        let pieces = pieces(intake.media_type, &bytes, self.max_events);
        let pieces = pieces.map_err(|rejection| intake.refuse(rejection))?;
        intake.count(pieces.len())?;
        let Intake { ingest_time, mut share, witness, .. } = intake;
        share.take(BYTES_BESIDE * pieces.len())?;
        let mut items = Vec::with_capacity(pieces.len());
        let mut listed = 0;
        for (index, piece) in pieces.into_iter().enumerate() {
            let item = match Event::parse_at_most(piece, self.max_event_bytes) {
                Ok(event) => {
                    let receipt = Receipt::new(&self.request_id, self.nonce, index);
                    Ok(Submission::within(&bytes, &event, ingest_time, receipt))
                }
                Err(rejection) => {
                    witness.rejected(ingest_time, Some(index), piece, &rejection);
                    let rejection = shortened(rejection, listed);
                    listed += rejection.problems().len();
                    Err(rejection)
                }
            };
            items.push(item);
        }
        Ok((items, share))
    }
}

/// The rejection, or its first problem alone when enough problems were listed before.
fn shortened(rejection: Rejection, listed: usize) -> Rejection {
    match rejection.problems() {
        [first, _, ..] if listed >= MAX_LISTED_PROBLEMS => Rejection::of(first.clone()),
        _ => rejection,
    }
}

fn answer(dry_run: bool, expected: Vec<Result<Subject, Rejection>>, results: Vec<Result<Answer, StoreError>>) -> Reply {
    let mut results = results.into_iter();
    let mut answer = BatchAnswer::new(dry_run, expected.len());
    for item in expected {
        match item {
            Err(rejection) => answer.reject(&rejection),
            Ok(subject) => {
                // A store that does not keep its promise must not make an event look safe.
                let result = match results.next() {
                    Some(Ok(answer)) if answer.event_id != subject.event_id => Err(StoreError::Internal(
                        "the store answered for another event than it was given; mend the store".into(),
                    )),
                    Some(result) => result,
                    None => Err(StoreError::Internal(
                        "the store answered fewer events than it was given; mend the store".into(),
                    )),
                };
                answer.add(subject, result);
            }
        }
    }
    let (status, text, observations) = answer.complete();
    Reply { response: json_response(status, text), observations }
}
