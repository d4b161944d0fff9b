//! A dry run of a batch: what a real request would be answered, without writing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pik_core::{Answer, EventId, Outcome, Record, Status, Store, StoreError, Submission};

/// How many look-ups are under way at once.
const LOOK_UPS: usize = 16;

/// The answers to these occurrences, in their order.
pub(super) async fn answers<S: Store>(store: &S, submissions: &[Submission]) -> Vec<Result<Answer, StoreError>> {
    let ids: BTreeSet<EventId> = submissions.iter().map(|submission| submission.event_id).collect();
    let mut known = look_up(store, ids).await;
    let mut answers = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let found = known.entry(submission.event_id).or_insert(Ok(None));
        answers.push(match found {
            Ok(found) => {
                let answer = submission.foretold(found.as_ref());
                if answer.status == Outcome::Accepted {
                    // What a real request would have left for the next occurrence to find.
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
