#![doc = include_str!("../README.md")]

mod bench;

use axum::body::Body;
use axum::response::Response;
use pik_conformance::{
    Report, run, run_bounded_rejections, run_queries, run_rejections, run_split, run_split_queries,
    run_without_event_times,
};
use worker::send::SendFuture;
use worker::{Context, Env, HttpRequest, event};

use bench::WorkerBench;

fn main() {}

#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _: Context) -> worker::Result<Response> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let nonce = request.uri().query().and_then(|nonce| nonce.parse().ok()).unwrap_or_default();
    let (suite, check) = path.split_once('/').map_or((&*path, None), |(suite, check)| (suite, Some(check)));
    let bench = WorkerBench::new(&env).map_err(|error| error.to_string())?;
    // A name that no check has, to be told those that there are.
    let report = SendFuture::new(report(bench, suite, nonce, check.unwrap_or_default())).await;
    let (status, text) = match (report, check) {
        (None, _) => (404, "no such suite".to_owned()),
        (Some(report), None) => (200, serde_json::to_string(report.known())?),
        (Some(report), Some(_)) => {
            let passed = report.failures().is_empty() && !report.names().is_empty();
            (if passed { 200 } else { 500 }, report.to_string())
        }
    };
    Ok(Response::builder().status(status).body(Body::from(text))?)
}

async fn report(mut bench: WorkerBench, suite: &str, nonce: u64, check: &str) -> Option<Report> {
    match suite {
        "store" => Some(run(&mut bench, nonce, Some(check)).await),
        "halves" => Some(run_split(&bench, nonce, Some(check)).await),
        "queries" => Some(run_queries(&mut bench, nonce, Some(check)).await),
        "split-queries" => Some(run_split_queries(&bench, nonce, Some(check)).await),
        "without-event-times" => Some(run_without_event_times(&bench, nonce, Some(check)).await),
        "rejections" => Some(run_rejections(&mut bench, nonce, Some(check)).await),
        "bounded-rejections" => Some(run_bounded_rejections(&bench, nonce, Some(check)).await),
        "panic" => panic!("as asked"),
        _ => None,
    }
}
