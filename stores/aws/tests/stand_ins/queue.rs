//! Replays into queues.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use pik_core::{Event, Receipt, Store, Submission};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::bench::AwsBench;
use crate::cli::{Pik, Said, six_events};
use crate::stand;

/// A queue of the stand-in's, and a store with [`six_events`].
struct Scene {
    sqs: aws_sdk_sqs::Client,
    sqs_url: String,
    bench: AwsBench,
    pik: Pik,
    sent: Vec<Submission>,
}

impl Scene {
    async fn new(test: &str) -> Result<Self> {
        let settings = stand::settings(test)?;
        let bench = AwsBench::made(settings).await?;
        let sqs_url = std::env::var("PIK_TEST_SQS_URL").context("PIK_TEST_SQS_URL; run `cargo xtask test aws`")?;
        let http = aws_smithy_http_client::Builder::new().build_http();
        let shared = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http).load().await;
        let sqs = aws_sdk_sqs::config::Builder::from(&shared).endpoint_url(&sqs_url).build();
        let sent = six_events(&bench).await?;
        Ok(Self { sqs: aws_sdk_sqs::Client::from_conf(sqs), sqs_url, pik: Pik::on(&bench.settings)?, bench, sent })
    }

    async fn queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> Result<String> {
        let attributes: HashMap<_, _> =
            attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
        let made = self.sqs.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await?;
        made.queue_url.context("a queue without a URL")
    }

    async fn replay(&self, to: &str, endpoint: &str) -> Result<Said> {
        let arguments = ["replay", "--entity-id", "user_1", "--to", to];
        Said::of(self.pik.command(&arguments)?.env("AWS_ENDPOINT_URL_SQS", endpoint).output().await?)
    }

    /// All messages there are, in the order in which they come.
    async fn messages(&self, url: &str) -> Result<Vec<Message>> {
        let mut all = Vec::new();
        loop {
            let receive = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
            let some = receive.message_attribute_names("All").send().await?.messages.unwrap_or_default();
            if some.is_empty() {
                return Ok(all);
            }
            for message in &some {
                let handle = message.receipt_handle.clone();
                self.sqs.delete_message().queue_url(url).set_receipt_handle(handle).send().await?;
            }
            all.extend(some);
        }
    }
}

/// The event of a message, whose attribute must name it.
fn raw(message: &Message) -> Result<Vec<u8>> {
    let raw = message.body.clone().context("no body")?.into_bytes();
    let attribute = message.message_attributes.as_ref().and_then(|attributes| attributes.get("event_id"));
    let event = Event::parse(&raw).map_err(|rejection| anyhow::anyhow!("{rejection:?}"))?;
    ensure!(attribute.and_then(|attribute| attribute.string_value.clone()) == Some(event.id().to_string()));
    Ok(raw)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3, DynamoDB and SQS: cargo xtask test aws"]
async fn every_event_is_one_message() -> Result<()> {
    let scene = Scene::new("queue").await?;
    let name = &scene.bench.settings.bucket;
    let url = scene.queue(name, &[]).await?;
    let said = scene.replay(&format!("sqs://{name}"), &scene.sqs_url).await?;
    ensure!((said.code, &*said.out) == (0, "new 6, there before 0, refused 0, unusable 0\n"), "{said:?}");
    let mut bodies = scene.messages(&url).await?.iter().map(raw).collect::<Result<Vec<_>>>()?;
    let mut expected: Vec<_> = scene.sent.iter().map(|sent| sent.raw.clone()).collect();
    bodies.sort();
    expected.sort();
    ensure!(bodies == expected, "{} messages", bodies.len());

    // In the order of event times, and once within five minutes.
    let fifo = format!("{name}.fifo");
    let url = scene.queue(&fifo, &[(QueueAttributeName::FifoQueue, "true")]).await?;
    for _ in 0..2 {
        let said = scene.replay(&format!("sqs://{fifo}"), &scene.sqs_url).await?;
        ensure!(said.code == 0, "{said:?}");
    }
    let bodies = scene.messages(&url).await?.iter().map(raw).collect::<Result<Vec<_>>>()?;
    ensure!(bodies == scene.sent.iter().map(|sent| sent.raw.clone()).collect::<Vec<_>>(), "{} messages", bodies.len());

    for (to, expected) in [("sqs://nobody-made-this", "look up queue"), ("sqs://", "names no queue")] {
        let said = scene.replay(to, &scene.sqs_url).await?;
        ensure!(said.code == 1 && said.err.contains(expected), "{said:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3, DynamoDB and SQS: cargo xtask test aws"]
async fn what_a_queue_does_not_take_is_named() -> Result<()> {
    let scene = Scene::new("refused").await?;
    let mut odd = Vec::new();
    for payload in ["\u{ffff}".to_owned(), "x".repeat(1_500)] {
        let body = json!({ "source": "app", "event_type": "t", "entity_id": "user_1",
            "event_time": "2025-12-28T12:00:00Z", "payload": payload })
        .to_string();
        let event = Event::parse(body.as_bytes()).unwrap();
        let receipt = Receipt::new("odd", stand::nonce(), 0);
        scene.bench.store.ingest(Submission::new(&event, stand::at("2025-12-29T08:00:00.000Z"), receipt)).await?;
        odd.push(event.id().to_string());
    }
    let name = &scene.bench.settings.bucket;
    let url = scene.queue(name, &[(QueueAttributeName::MaximumMessageSize, "1024")]).await?;
    let said = scene.replay(&format!("sqs://{name}"), &scene.sqs_url).await?;
    ensure!((said.code, &*said.out) == (1, "new 6, there before 0, refused 2, unusable 0\n"), "{said:?}");
    for (id, why) in odd.iter().zip(["U+FFFF", "raise its MaximumMessageSize"]) {
        ensure!(said.err.lines().any(|line| line.contains(id) && line.contains(why)), "{said:?}");
    }
    ensure!(scene.messages(&url).await?.len() == 6);
    Ok(())
}

/// A queue that takes every other message of the first call, and says of one that it never will.
async fn moody_queue() -> Result<(String, Arc<Mutex<Vec<Value>>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let calls: Arc<Mutex<Vec<Value>>> = Arc::default();
    let shared = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let calls = Arc::clone(&shared);
            let service = service_fn(move |request| answer(Arc::clone(&calls), request));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    });
    Ok((url, calls))
}

async fn answer(calls: Arc<Mutex<Vec<Value>>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let call = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let call = call.rsplit('.').next().unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(&request.into_body().collect().await?.to_bytes())?;
    let answer = match call.as_str() {
        "GetQueueUrl" => json!({ "QueueUrl": "http://127.0.0.1/1/queue" }),
        "GetQueueAttributes" => json!({ "Attributes": { "MaximumMessageSize": "262144" } }),
        "SendMessageBatch" => {
            let mut calls = calls.lock().unwrap();
            let entries = body["Entries"].as_array().cloned().unwrap_or_default();
            let is_first = calls.is_empty();
            calls.push(body);
            let (mut taken, mut failed) = (Vec::new(), Vec::new());
            for (nth, entry) in entries.iter().enumerate() {
                let id = &entry["Id"];
                match (is_first, nth) {
                    (true, 0) => failed.push(json!({ "Id": id, "Code": "NotYours", "SenderFault": true })),
                    (true, 1 | 3) => failed.push(json!({ "Id": id, "Code": "InternalError", "SenderFault": false })),
                    (_, _) => taken.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "m" })),
                }
            }
            json!({ "Successful": taken, "Failed": failed })
        }
        other => anyhow::bail!("{other}"),
    };
    let answer =
        Response::builder().header("content-type", "application/x-amz-json-1.0").body(Full::from(answer.to_string()));
    Ok(answer?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3, DynamoDB and SQS: cargo xtask test aws"]
async fn a_part_that_failed_is_sent_again_alone() -> Result<()> {
    let scene = Scene::new("moody").await?;
    let (url, calls) = moody_queue().await?;
    let said = scene.replay("sqs://queue", &url).await?;
    ensure!((said.code, &*said.out) == (1, "new 5, there before 0, refused 1, unusable 0\n"), "{said:?}");
    let refused = scene.sent[0].event_id.to_string();
    ensure!(said.err.lines().any(|line| line.contains(&refused) && line.contains("NotYours")), "{said:?}");
    let calls = calls.lock().unwrap();
    let bodies = |call: &Value| -> Vec<Vec<u8>> {
        let entries = call["Entries"].as_array().into_iter().flatten();
        entries.filter_map(|entry| Some(entry["MessageBody"].as_str()?.as_bytes().to_vec())).collect()
    };
    ensure!(calls.len() == 2, "{} calls", calls.len());
    ensure!(bodies(&calls[0]) == scene.sent.iter().map(|sent| sent.raw.clone()).collect::<Vec<_>>());
    ensure!(bodies(&calls[1]) == [scene.sent[1].raw.clone(), scene.sent[3].raw.clone()]);
    Ok(())
}
