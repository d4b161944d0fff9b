//! Requests from every event source, and what the function prints about them.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use pik_core::{Event, Store};
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::payload::{Answered, SOURCES, Sent, Source};

const JSON: (&str, &str) = ("content-type", "application/json");

/// An event of this source alone, with white space around it and bytes beyond ASCII in it.
fn event(source: Source, steps: u64) -> Vec<u8> {
    format!(
        "  {{\"source\":\"demo\",\"event_type\":\"heartbeat\",\"entity_id\":\"{source:?} ä\u{2028}\",\
         \"event_time\":\"2025-12-28T23:59:59Z\",\"payload\":{{\"steps\": {steps}}}}}\n"
    )
    .into_bytes()
}

async fn post(emulator: &Emulator, source: Source, sent: &Sent<'_>) -> Result<Answered> {
    let answer = emulator.invoke(&source.payload(sent)).await?;
    source.read(&answer).with_context(|| format!("{source:?}"))
}

#[tokio::test]
#[ignore = "needs S3, DynamoDB and a Lambda emulator: cargo xtask test lambda"]
async fn every_source_reaches_the_router() -> Result<()> {
    let emulator = Emulator::start(&[]).await?;
    for source in SOURCES {
        let ingest = |body: Vec<u8>, base64: bool| Sent {
            method: "POST",
            path: "/ingest",
            query: "",
            headers: &[JSON],
            body,
            base64,
        };
        let expect = async |sent: Sent<'_>, status: u64, word: &str| -> Result<Answered> {
            let answered = post(&emulator, source, &sent).await?;
            ensure!(answered.status == status, "{source:?}: {} {}", answered.status, answered.body);
            ensure!(answered.body["status"] == json!(word), "{source:?}: {}", answered.body);
            Ok(answered)
        };

        // As text, and the same event in base64.
        let body = event(source, 1);
        let dry = Sent { query: "dry_run=true", ..ingest(body.clone(), false) };
        ensure!(expect(dry, 200, "ACCEPTED").await?.body["dry_run"] == json!(true));
        expect(ingest(body.clone(), false), 200, "ACCEPTED").await?;
        let again = expect(ingest(body.clone(), true), 200, "DUPLICATE").await?;
        let parsed = Event::parse(&body).unwrap();
        ensure!(again.body["event_id"] == json!(parsed.id().to_string()));

        // Base64 first: what is stored is what was sent.
        let body = event(source, 2);
        expect(ingest(body.clone(), true), 200, "ACCEPTED").await?;
        let parsed = Event::parse(&body).unwrap();
        ensure!(emulator.store.raw(parsed.id()).await?.is_some_and(|raw| raw.as_bytes() == parsed.raw()), "{source:?}");

        // A binary body.
        let body = event(source, 3);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&body)?;
        let compressed = Sent { headers: &[JSON, ("content-encoding", "gzip")], ..ingest(gzip.finish()?, true) };
        expect(compressed, 200, "ACCEPTED").await?;
        expect(ingest(body, false), 200, "DUPLICATE").await?;

        // Bytes that are no text, and no body at all.
        expect(ingest(vec![b'{', 0xff, 0xfe, b'}'], true), 400, "REJECTED").await?;
        expect(ingest(Vec::new(), false), 400, "REJECTED").await?;
        expect(Sent { headers: &[("content-type", "text/csv")], ..ingest(event(source, 4), false) }, 415, "REJECTED")
            .await?;
        let nowhere = Sent { path: "/prod/ingest", ..ingest(event(source, 5), false) };
        expect(nowhere, 404, "ERROR").await?;

        let named = Sent { headers: &[JSON, ("x-request-id", "of-the-client")], ..ingest(event(source, 1), false) };
        ensure!(expect(named, 200, "DUPLICATE").await?.request_id == "of-the-client");

        let health = Sent { method: "GET", path: "/healthz", headers: &[], ..ingest(Vec::new(), false) };
        ensure!(post(&emulator, source, &health).await?.status == 200, "{source:?}");
        let ready = Sent { method: "GET", path: "/readyz", headers: &[], ..ingest(Vec::new(), false) };
        ensure!(post(&emulator, source, &ready).await?.status == 200, "{source:?}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs S3, DynamoDB and a Lambda emulator: cargo xtask test lambda"]
async fn metrics_and_logs_are_lines_of_json() -> Result<()> {
    let emulator = Emulator::start(&[]).await?;
    let source = Source::HttpApi;
    let body = event(source, 1);
    let sent = |path, body| Sent { method: "POST", path, query: "", headers: &[JSON], body, base64: false };
    let first = post(&emulator, source, &sent("/ingest", body.clone())).await?;
    post(&emulator, source, &sent("/ingest", body.clone())).await?;
    post(&emulator, source, &sent("/ingest", b"{}".to_vec())).await?;
    // More lags than one line of metrics may have.
    let batch: Vec<Value> =
        (10..260).map(|steps| serde_json::from_slice(&event(source, steps))).collect::<Result<_, _>>()?;
    let batch = post(&emulator, source, &sent("/ingest/batch", json!(batch).to_string().into_bytes())).await?;
    ensure!(batch.status == 200, "{}", batch.body);

    let lines = emulator.lines()?;
    let metrics: Vec<&Value> = lines.iter().filter(|line| line["_aws"].is_object()).collect();
    for line in &metrics {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        ensure!(directive["Namespace"] == json!("PipelineInvestigationKit"), "{line}");
        ensure!(directive["Dimensions"] == json!([["FunctionName"]]) && line["FunctionName"] == json!("pik-lambda"));
        ensure!(line["_aws"]["Timestamp"].is_u64(), "{line}");
        for metric in directive["Metrics"].as_array().context("metrics")? {
            let value = &line[metric["Name"].as_str().context("a name")?];
            ensure!(value.is_number() || value.as_array().is_some_and(|values| values.len() <= 100), "{line}");
        }
    }
    let sum = |name: &str| -> i64 { metrics.iter().filter_map(|line| line[name].as_i64()).sum() };
    let counts = ["IngestRequestCount", "DuplicateCount", "RejectedCount", "ErrorCount"].map(sum);
    ensure!(counts == [4, 1, 1, 0], "{counts:?}");
    let lags: usize = metrics.iter().filter_map(|line| line["IngestLagMs"].as_array()).map(Vec::len).sum();
    ensure!(lags == 252, "{lags} lags");
    ensure!(metrics[0]["IngestLagMs"] == json!([first.body["ingest_lag_ms"]]), "{}", metrics[0]);
    ensure!(metrics[0]["IngestLatencyMs"].as_f64().is_some_and(|latency| latency > 0.0));

    let events: Vec<&Value> = lines.iter().filter(|line| line["message"] == json!("event")).collect();
    ensure!(events.len() == 253, "{} events in the log", events.len());
    let line = events[0];
    let parsed = Event::parse(&body).unwrap();
    ensure!(line["event_id"] == json!(parsed.id().to_string()) && line["entity_id"] == json!(parsed.entity_id()));
    ensure!(line["status"] == json!("ACCEPTED") && line["ingest_lag_ms"] == first.body["ingest_lag_ms"]);
    ensure!(line["request_id"] == json!(first.request_id) && line["dry_run"] == json!(false));
    // A request without an id of its own has Lambda's.
    ensure!(line["lambda_request_id"] == line["request_id"], "{line}");
    ensure!(!lines.iter().any(|line| line.to_string().contains("steps")), "a payload is in the log");
    Ok(())
}

#[tokio::test]
#[ignore = "needs S3, DynamoDB and a Lambda emulator: cargo xtask test lambda"]
async fn sources_and_types_are_dimensions_when_asked_for() -> Result<()> {
    let emulator = Emulator::start(&[("PIK_METRIC_DIMENSIONS", "source, event_type"), ("DRY_RUN", "true")]).await?;
    let event = |source: &str| json!({ "source": source, "event_type": "t", "entity_id": "e", "event_time": "2025-12-28T23:59:59Z", "payload": 1 });
    let body = json!([event("one"), event("two"), event("two"), {}]).to_string().into_bytes();
    let sent = Sent { method: "POST", path: "/ingest/batch", query: "", headers: &[JSON], body, base64: false };
    post(&emulator, Source::HttpApi, &sent).await?;
    let lines = emulator.lines()?;
    let metrics: Vec<&Value> = lines.iter().filter(|line| line["_aws"].is_object()).collect();
    let told = |line: &Value| {
        let lags = line["IngestLagMs"].as_array().map_or(0, Vec::len);
        (line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone(), line["source"].clone(), lags)
    };
    let by_both = json!([["FunctionName", "source", "event_type"]]);
    let expected =
        [(json!([["FunctionName"]]), Value::Null, 3), (by_both.clone(), json!("one"), 1), (by_both, json!("two"), 2)];
    ensure!(metrics.iter().map(|line| told(line)).eq(expected), "{metrics:#?}");
    Ok(())
}

#[tokio::test]
#[ignore = "needs S3, DynamoDB and a Lambda emulator: cargo xtask test lambda"]
async fn tokens_and_dry_runs_come_from_the_environment() -> Result<()> {
    let emulator = Emulator::start(&[("PIK_TOKENS", "let-me-in"), ("DRY_RUN", "true")]).await?;
    for source in SOURCES {
        let body = event(source, 1);
        let stranger =
            Sent { method: "POST", path: "/ingest", query: "", headers: &[JSON], body: body.clone(), base64: false };
        ensure!(post(&emulator, source, &stranger).await?.status == 401, "{source:?}");
        let friend = Sent { headers: &[JSON, ("authorization", "Bearer let-me-in")], ..stranger };
        let answered = post(&emulator, source, &friend).await?;
        ensure!(answered.status == 200 && answered.body["dry_run"] == json!(true), "{}", answered.body);
        ensure!(emulator.store.find(Event::parse(&body).unwrap().id()).await?.is_none(), "{source:?} wrote");
    }
    Ok(())
}
