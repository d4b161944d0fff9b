//! `POST /ingest/batch`: many events, each on its own.
//!
//! A 200 says that no event was lost here: each is durable, or REJECTED with its errors. If the store failed for any of
//! them the answer is 503 (500 when only faults of the service are among them), with the same body: who looks at the
//! HTTP status alone sends everything again, which is safe; who reads the body sends the ERROR ones again.

use core::future::poll_fn;
use core::task::Poll;
use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pik_core::{
    Answer, Code, Event, EventId, Outcome, Problem, Record, Rejection, Status, Store, StoreError, Submission,
    split_array, split_lines,
};

use super::{open, refuse};
use crate::answer::{Batch, BatchEntry, Failed, Ingested, Rejected, json};
use crate::intake::{Intake, Terms, take};
use crate::media::MediaType;
use crate::refusal::json_response;
use crate::{Api, Call, Config, ErrorCode, Host, Observation};

/// How many problems one answer lists. After these, a rejected event lists its first alone: else a batch of nothing but
/// mistakes would take some hundred megabytes to answer.
pub(crate) const MAX_LISTED_PROBLEMS: usize = 10_000;

/// How many bytes of events are read before others get their turn.
const TURN_BYTES: usize = 256 * 1024;

/// How many look-ups of a dry run are under way at once.
const LOOK_UPS: usize = 16;

type Item<'a> = Result<Event<'a>, Rejection>;

/// What is taken here.
pub(crate) fn terms(config: &Config) -> Terms {
    Terms {
        media_types: &[MediaType::Json, MediaType::Ndjson],
        other_type: "a batch is `application/x-ndjson` or `application/json` in UTF-8; say so in Content-Type",
        limit: config.max_batch_bytes,
        too_large,
    }
}

/// Ingests many events.
pub(super) async fn post<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    let terms = terms(api.config());
    let intake = match take(&api, &head, &mut body, &terms).await {
        Ok(intake) => intake,
        Err(refusal) => return refuse(&api, call, &head, &mut body, &refusal).await,
    };
    let pieces = match split(&intake, api.config().max_batch_events) {
        Ok(pieces) => pieces,
        Err(rejection) => return call.refuse(&api, &rejection.into()),
    };
    let items = parse(&pieces, api.config().max_event_bytes).await;
    let nonce = api.host().nonce();
    let submissions: Vec<Submission> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((index, item.as_ref().ok()?)))
        .map(|(index, event)| Submission::within(&intake.bytes, event, intake.ingest_time, call.receipt(nonce, index)))
        .collect();
    let results = if submissions.is_empty() {
        Vec::new()
    } else if call.dry_run() {
        foretell(api.store(), &submissions).await
    } else {
        api.store().ingest_batch(submissions).await
    };
    answer(&api, call, &items, results)
}

fn too_large(limit: usize) -> Rejection {
    let message = format!("the batch is over the limit of {limit} bytes; send several smaller ones");
    Rejection::of(Problem::of_body(Code::TooLarge, message))
}

pub(crate) fn split(intake: &Intake, max_events: usize) -> Result<Vec<&[u8]>, Rejection> {
    match intake.media_type {
        MediaType::Json => split_array(&intake.bytes, max_events),
        MediaType::Ndjson => split_lines(&intake.bytes, max_events),
    }
}

async fn parse<'a>(pieces: &[&'a [u8]], max_bytes: usize) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(pieces.len());
    let mut listed = 0;
    let mut turn = 0;
    for piece in pieces {
        let mut item = Event::parse_at_most(piece, max_bytes);
        if let Err(rejection) = &mut item {
            if listed >= MAX_LISTED_PROBLEMS
                && let [first, _, ..] = rejection.problems()
            {
                *rejection = Rejection::of(first.clone());
            }
            listed += rejection.problems().len();
        }
        items.push(item);
        turn += piece.len();
        if turn >= TURN_BYTES {
            turn = 0;
            let_others_go_on().await;
        }
    }
    items
}

/// Gives the thread back for a moment.
async fn let_others_go_on() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a real request would be answered, without writing.
async fn foretell<S: Store>(store: &S, submissions: &[Submission]) -> Vec<Result<Answer, StoreError>> {
    let ids: BTreeSet<EventId> = submissions.iter().map(|submission| submission.event_id).collect();
    let mut known = look_up(store, ids).await;
    let mut answers = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let found = known.entry(submission.event_id).or_insert(Ok(None));
        answers.push(match found {
            Ok(found) => {
                let answer = submission.foretold(found.as_ref());
                if answer.status == Outcome::Accepted {
                    // What a real request would have left for the next of its kind to find.
                    let first = found.take().unwrap_or_else(|| submission.claim(""));
                    *found = Some(Record { status: Status::Accepted, ..first });
                }
                Ok(answer)
            }
            Err(error) => Err(error.clone()),
        });
    }
    answers
}

async fn look_up<S: Store>(store: &S, ids: BTreeSet<EventId>) -> BTreeMap<EventId, Result<Option<Record>, StoreError>> {
    let find = async |id: EventId| (id, store.find(&id).await);
    let mut known = BTreeMap::new();
    let mut under_way = FuturesUnordered::new();
    for id in ids {
        if under_way.len() == LOOK_UPS {
            known.extend(under_way.next().await);
        }
        under_way.push(find(id));
    }
    while let Some(found) = under_way.next().await {
        known.extend([found]);
    }
    known
}

fn answer<S: Store, H: Host>(
    api: &Api<S, H>,
    call: Call,
    items: &[Item<'_>],
    results: Vec<Result<Answer, StoreError>>,
) -> Response {
    // A store that broke its promise of one result for each must not make an event look safe.
    let missing = Err(StoreError::Internal("the store answered fewer events than it was given; mend the store".into()));
    let mut results = results.iter();
    let mut batch = Batch { dry_run: call.dry_run(), ..Batch::default() };
    let mut observations = Vec::with_capacity(items.len());
    let mut status = StatusCode::OK;
    for (index, item) in items.iter().enumerate() {
        let (entry, observation) = match item {
            Err(rejection) => {
                batch.rejected += 1;
                let rejected = Rejected::of(rejection.problems(), Some(index), batch.dry_run);
                (BatchEntry::Rejected(rejected), Observation::rejected(rejection))
            }
            Ok(event) => match results.next().unwrap_or(&missing) {
                Ok(answer) => {
                    match answer.status {
                        Outcome::Accepted => batch.accepted += 1,
                        Outcome::Duplicate => batch.duplicate += 1,
                    }
                    let ingested = Ingested::of(answer, Some(index), batch.dry_run);
                    let observation = Observation::ingested(event, answer.status, answer.ingest_lag_ms);
                    (BatchEntry::Ingested(ingested), observation)
                }
                Err(error) => {
                    batch.failed += 1;
                    let code = ErrorCode::from(error);
                    status = worst(status, code.http_status());
                    let failed = Failed::of(code, code.service_message(), Some(index), batch.dry_run);
                    (BatchEntry::Failed(failed), Observation::failed(event, error))
                }
            },
        };
        batch.results.push(entry);
        observations.push(observation.at(index));
    }
    call.end(api, json_response(status, json(&batch)), &observations)
}

/// 503 before 500, because a pause may help; either before 200.
fn worst(so_far: StatusCode, next: StatusCode) -> StatusCode {
    if so_far == StatusCode::SERVICE_UNAVAILABLE { so_far } else { next }
}
