//! A proxy between store and service that goes wrong on purpose, and counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What one request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Nothing goes wrong.
    None,
    /// The connection ends before the service sees the request.
    LostRequest,
    /// The service does it, and the connection ends before its answer.
    LostAnswer,
    /// The service gets it after the client has given this attempt up and sent it again.
    LateRequest,
    /// The client gives this attempt up before it gets the answer.
    LateAnswer,
    /// A little later.
    Slow,
    /// An answer of 500 for what was not done.
    Failed,
    /// An answer of 500 for what was done.
    FailedAfter,
    /// "Come back later", for what was not done.
    Throttled,
    /// S3's answer to two create-only puts at one moment.
    Conflict,
}

/// Of a thousand requests, how many meet each fault at severity 1. Much beyond, the clients' token buckets run dry, and
/// they send nothing again by themselves.
const LOAD: [(Fault, u32); 9] = [
    (Fault::LostRequest, 20),
    (Fault::LostAnswer, 40),
    (Fault::LateRequest, 6),
    (Fault::LateAnswer, 6),
    (Fault::Slow, 40),
    (Fault::Failed, 20),
    (Fault::FailedAfter, 30),
    (Fault::Throttled, 15),
    (Fault::Conflict, 40),
];

/// Longer than the store's clients wait for one attempt.
const LATE: Duration = Duration::from_millis(4_500);

/// Which service the proxy stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    S3,
    DynamoDb,
}

/// A running proxy. It ends with the test's runtime.
pub(crate) struct Proxy {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    service: Service,
    upstream: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
    faults: Mutex<Option<Faults>>,
    calls: Mutex<BTreeMap<(String, u16), usize>>,
    met: Mutex<BTreeMap<Fault, usize>>,
    under_way: AtomicUsize,
    exchanges: Mutex<Option<Vec<Exchange>>>,
}

/// A call to DynamoDB and its answer.
pub(crate) struct Exchange {
    pub(crate) call: String,
    pub(crate) status: u16,
    pub(crate) request: Value,
    pub(crate) answer: Value,
}

struct Faults {
    random: fastrand::Rng,
    severity: u32,
}

impl Proxy {
    /// A proxy before the service at `upstream`, faultless at first.
    pub(crate) async fn before(service: Service, upstream: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            service,
            upstream: upstream.parse()?,
            client: Client::builder(TokioExecutor::new()).build_http(),
            faults: Mutex::new(None),
            calls: Mutex::default(),
            met: Mutex::default(),
            under_way: AtomicUsize::new(0),
            exchanges: Mutex::new(None),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // Half of the broken connections end in a reset, half in a plain end.
                let _ = match shared.coin() {
                    true => socket.set_zero_linger(),
                    false => Ok(()),
                };
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| State::meet(Arc::clone(&state), request));
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(socket), service));
            }
        });
        Ok(Self { url, state })
    }

    /// From now on, faults occur `severity` times as often as [`LOAD`] says.
    pub(crate) fn go_wrong(&self, seed: u64, severity: u32) {
        *self.state.faults.lock().unwrap() = Some(Faults { random: fastrand::Rng::with_seed(seed), severity });
    }

    /// Nothing goes wrong any more, and what was late has arrived.
    pub(crate) async fn go_right(&self) {
        *self.state.faults.lock().unwrap() = None;
        while self.state.under_way.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How often each fault was met.
    pub(crate) fn met(&self) -> BTreeMap<Fault, usize> {
        self.state.met.lock().unwrap().clone()
    }

    /// From now on, each call asks what it costs, and is kept with its answer.
    pub(crate) fn meter(&self) {
        *self.state.exchanges.lock().unwrap() = Some(Vec::new());
    }

    /// The metered calls since the last time.
    pub(crate) fn take_exchanges(&self) -> Vec<Exchange> {
        self.state.exchanges.lock().unwrap().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The calls that reached the service since the last time, by name and status.
    pub(crate) fn take_calls(&self) -> BTreeMap<(String, u16), usize> {
        std::mem::take(&mut *self.state.calls.lock().unwrap())
    }
}

impl State {
    fn coin(&self) -> bool {
        self.faults.lock().unwrap().as_mut().is_some_and(|faults| faults.random.bool())
    }

    fn next_fault(&self, request: &Request<Incoming>) -> Fault {
        let mut faults = self.faults.lock().unwrap();
        let Some(faults) = faults.as_mut() else { return Fault::None };
        let mut number = faults.random.u32(..1000) / faults.severity;
        let fault = LOAD.into_iter().find(|(_, share)| {
            let this = number < *share;
            number = number.wrapping_sub(*share);
            this
        });
        match fault {
            Some((Fault::Conflict, _)) if self.service == Service::DynamoDb || request.method() != Method::PUT => {
                Fault::None
            }
            Some((fault, _)) => fault,
            None => Fault::None,
        }
    }

    /// An error ends the connection without an answer.
    async fn meet(state: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let fault = state.next_fault(&request);
        *state.met.lock().unwrap().entry(fault).or_default() += 1;
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        // On its own, so that it goes on when the client hangs up.
        let forwarded = async |delay: Duration| {
            let state = Arc::clone(&state);
            state.under_way.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let answer = state.forward(head, body).await;
                state.under_way.fetch_sub(1, Ordering::SeqCst);
                answer
            })
            .await
            .context("forwarding ended")?
        };
        match fault {
            Fault::None => forwarded(Duration::ZERO).await,
            Fault::Slow => forwarded(Duration::from_millis(100)).await,
            Fault::LateRequest => forwarded(LATE).await,
            Fault::LateAnswer => {
                let answer = forwarded(Duration::ZERO).await;
                tokio::time::sleep(LATE).await;
                answer
            }
            Fault::LostRequest => anyhow::bail!("lost on purpose"),
            Fault::LostAnswer => {
                forwarded(Duration::ZERO).await?;
                anyhow::bail!("lost on purpose")
            }
            Fault::FailedAfter => {
                forwarded(Duration::ZERO).await?;
                state.refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "InternalServerError")
            }
            Fault::Failed => state.refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "InternalServerError"),
            Fault::Throttled => {
                let status = match state.service {
                    Service::S3 => StatusCode::SERVICE_UNAVAILABLE,
                    Service::DynamoDb => StatusCode::BAD_REQUEST,
                };
                state.refusal(status, "SlowDown", "ProvisionedThroughputExceededException")
            }
            Fault::Conflict => state.refusal(StatusCode::CONFLICT, "ConditionalRequestConflict", "none"),
        }
    }

    fn refusal(&self, status: StatusCode, s3: &str, dynamodb: &str) -> Result<Response<Full<Bytes>>> {
        let (kind, body) = match self.service {
            Service::S3 => {
                ("application/xml", format!("<Error><Code>{s3}</Code><Message>on purpose</Message></Error>"))
            }
            Service::DynamoDb => (
                "application/x-amz-json-1.0",
                format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{dynamodb}","message":"on purpose"}}"#),
            ),
        };
        let answer = Response::builder().status(status).header("content-type", kind);
        Ok(answer.body(Full::from(body))?)
    }

    async fn forward(&self, mut head: Parts, body: Bytes) -> Result<Response<Full<Bytes>>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.upstream.authority().context("the service's URL has no host")?;
        head.uri = Uri::builder().scheme("http").authority(authority.clone()).path_and_query(path).build()?;
        let call = call_name(&head);
        let request = match self.metered() {
            // No stand-in minds that this was not signed.
            true => Some(asking_for_costs(&body)?),
            false => None,
        };
        let body = request.as_ref().map_or(body, |request| request.to_string().into());
        head.headers.remove("content-length");
        let (mut head, answer) = self.client.request(Request::from_parts(head, Full::new(body))).await?.into_parts();
        let status = head.status.as_u16();
        *self.calls.lock().unwrap().entry((call.clone(), status)).or_default() += 1;
        let answer = answer.collect().await?.to_bytes();
        if let Some(request) = request
            && let Some(exchanges) = self.exchanges.lock().unwrap().as_mut()
        {
            exchanges.push(Exchange { call, status, request, answer: serde_json::from_slice(&answer)? });
        }
        // The body is whole now, whatever it was before.
        head.headers.remove("transfer-encoding");
        Ok(Response::from_parts(head, Full::new(answer)))
    }

    fn metered(&self) -> bool {
        self.exchanges.lock().unwrap().is_some()
    }
}

fn asking_for_costs(body: &[u8]) -> Result<Value> {
    let mut request: Value = serde_json::from_slice(body)?;
    request["ReturnConsumedCapacity"] = json!("INDEXES");
    Ok(request)
}

/// `PutItem`, `UpdateItem`, …, or for S3 the method.
fn call_name(request: &Parts) -> String {
    let target = request.headers.get("x-amz-target").map(HeaderValue::to_str);
    match target {
        Some(Ok(target)) => target.rsplit('.').next().unwrap_or(target).to_owned(),
        Some(Err(_)) | None => request.method.to_string(),
    }
}
