//! One invocation: from an event source's payload through the Router and back.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use lambda_http::http::Uri;
use lambda_http::http::uri::PathAndQuery;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use pik_core::{Investigate, Store};
use pik_http::{Api, HostFault};

use crate::host::{LAMBDA_REQUEST_ID, LambdaHost, WAITS_UNTIL, now_ms};

/// What is kept of an invocation's time for the way back.
const RESERVE: Duration = Duration::from_millis(500);

/// What is kept of it when a request waits for an arrival, for the last look at the store.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// How long evidence of refused events may hold up their answer.
const EVIDENCE: Duration = Duration::from_secs(2);

/// The service, and what Lambda adds to a request.
pub(crate) struct Function<S> {
    api: Api<S, LambdaHost>,
}

impl<S: Store + Investigate> Function<S> {
    pub(crate) fn new(api: Api<S, LambdaHost>) -> Self {
        Self { api }
    }

    /// Answers in time, whatever the store does: a function that is ended by Lambda says nothing to its client.
    pub(crate) async fn answer(&self, request: Request) -> Result<Response, Infallible> {
        let context = request.lambda_context_ref();
        let lambda_request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
        let deadline = context.map(|context| context.deadline).filter(|deadline| *deadline > 0);
        let left_ms = deadline.and_then(|deadline| i64::try_from(deadline).ok()).map(|deadline| deadline - now_ms());
        // No invocation begins after its end: `cargo lambda watch` tells a span of time in place of a moment.
        let left_ms = left_ms.filter(|left| *left > 0);
        let left = left_ms.map_or(Duration::MAX, |left| Duration::from_millis(left.unsigned_abs()));
        let limit = left.saturating_sub(RESERVE);
        let waits_until = Instant::now().checked_add(limit.saturating_sub(LAST_LOOK));

        LAMBDA_REQUEST_ID
            .scope(lambda_request_id, async {
                let request = without_stage(request).map(Body::new);
                let call = self.api.begin(&request);
                let answer =
                    match tokio::time::timeout(limit, WAITS_UNTIL.scope(waits_until, self.api.answer(&call, request)))
                        .await
                    {
                        Ok(answer) => answer,
                        Err(_) => {
                            let reason = Some("the store did not answer in time".into());
                            self.api.refuse(&call, HostFault::Timeout, reason)
                        }
                    };
                // The instance may sleep for ever once it has answered. Failures are observed, and the answer stands.
                let _ = tokio::time::timeout(EVIDENCE.min(limit), self.api.write_evidence()).await;
                Ok(answer)
            })
            .await
    }
}

/// An API's stage is where it is deployed and no part of what is asked for.
fn without_stage(mut request: Request) -> Request {
    let raw_path = request.raw_http_path();
    let path = match request.request_context_ref() {
        // The payload of an HTTP API has the stage in front of the path, unless it is the default one.
        Some(RequestContext::ApiGatewayV2(context)) => {
            let stage = context.stage.as_deref().unwrap_or_default();
            let rest = raw_path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
            rest.filter(|rest| !stage.is_empty() && rest.starts_with('/')).unwrap_or(raw_path)
        }
        Some(_) | None => raw_path,
    };
    let path_and_query = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(path_and_query) = path_and_query.parse::<PathAndQuery>() {
        *request.uri_mut() = Uri::from(path_and_query);
    }
    request
}
