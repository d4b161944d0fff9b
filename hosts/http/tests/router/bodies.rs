//! Bodies as they come off a network: in pieces, late, too long or broken off.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use axum::body::{Body, Bytes};
use axum::http::Method;
use futures_util::{StreamExt, stream};
use http_body::{Frame, SizeHint};
use pik_http::Config;
use tower::ServiceExt;

use crate::service::{EXAMPLE, Service, request};

const JSON: (&str, &str) = ("content-type", "application/json");

fn in_pieces(text: &str, size: usize) -> Body {
    let pieces: Vec<Result<Bytes, Infallible>> =
        text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

/// A body of 64 KiB pieces, and how many bytes of it were asked for.
fn counted(pieces: usize) -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    let body = stream::iter((0..pieces).map(move |_| {
        counter.fetch_add(piece.len(), Ordering::Relaxed);
        Ok::<_, Infallible>(piece.clone())
    }));
    (Body::from_stream(body), read)
}

/// A body whose length is known before it comes.
struct Announced {
    body: Body,
    bytes: u64,
}

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes)
    }
}

#[test]
fn pieces_are_put_together() {
    for size in [1, 2, 7, 100, EXAMPLE.len()] {
        let service = Service::new(Config::default());
        let answer = service.call(Method::POST, "/ingest", &[JSON], in_pieces(EXAMPLE, size));
        assert_eq!(answer.gist(), "200 ACCEPTED", "{size}");
    }
}

#[test]
fn a_body_that_breaks_off_is_no_event_however_whole_it_looks() {
    let service = Service::new(Config::default());
    let pieces = [Ok(Bytes::from_static(EXAMPLE.as_bytes())), Err(std::io::Error::other("connection reset"))];
    let answer = service.call(Method::POST, "/ingest", &[JSON], Body::from_stream(stream::iter(pieces)));
    assert_eq!(answer.gist(), "408 ERROR timeout");
    assert_eq!(service.store_calls(), 0);
    assert!(service.observed()[0].contains("connection reset"));
}

#[test]
fn the_limit_holds_to_the_byte_however_the_body_comes() {
    for (padding, gist) in
        [(1_048_576 - EXAMPLE.len(), "200 ACCEPTED"), (1_048_577 - EXAMPLE.len(), "413 REJECTED too_large")]
    {
        let text = format!("{EXAMPLE}{}", " ".repeat(padding));
        for body in [Body::from(text.clone()), in_pieces(&text, 1000), in_pieces(&text, 1_000_000)] {
            let service = Service::new(Config::default());
            assert_eq!(service.call(Method::POST, "/ingest", &[JSON], body).gist(), gist);
        }
    }
}

#[test]
fn a_refused_body_is_read_a_little_further_and_no_more() {
    let megabyte = 1 << 20;
    // 3 MiB: read to the end, so that the client gets to read the answer.
    let (body, read) = counted(48);
    let service = Service::new(Config::default());
    assert_eq!(service.call(Method::POST, "/ingest", &[JSON], body).gist(), "413 REJECTED too_large");
    assert_eq!(read.load(Ordering::Relaxed), 3 * megabyte);
    // 1 GiB: as far as the limit and 4 MiB more.
    for (method, target, most) in [
        (Method::POST, "/ingest", 7),
        (Method::POST, "/ingest/batch", 37),
        (Method::GET, "/ingest", 7),
        (Method::GET, "/healthz", 5),
        (Method::POST, "/x", 5),
    ] {
        let (body, read) = counted(16 * 1024);
        service.call(method, target, &[JSON], body);
        assert!(read.load(Ordering::Relaxed) <= most * megabyte);
    }
}

#[test]
fn who_waits_to_be_told_to_go_on_is_not() {
    let (body, read) = counted(4);
    let service = Service::with_tokens(&["secret"]);
    let answer = service.call(Method::POST, "/ingest", &[JSON, ("expect", "100-continue")], body);
    assert_eq!(answer.gist(), "401 ERROR unauthorized");
    assert_eq!(read.load(Ordering::Relaxed), 0);
}

#[test]
fn a_body_that_is_announced_as_too_long_is_read_on_and_not_kept() {
    for (target, megabytes) in [("/ingest", 5), ("/ingest/batch", 17)] {
        let (body, read) = counted(megabytes * 16);
        let body = Body::new(Announced { body, bytes: (megabytes as u64) << 20 });
        let service = Service::new(Config::default());
        assert_eq!(service.call(Method::POST, target, &[JSON], body).gist(), "413 REJECTED too_large");
        // Clients that send all before they read get the answer.
        assert_eq!(read.load(Ordering::Relaxed), megabytes << 20);
    }
}

/// A body that never ends, and holds what came before.
fn held(bytes: usize) -> Body {
    let pieces = stream::iter([0, 1].map(|_| Ok::<_, Infallible>(Bytes::from(vec![b' '; bytes / 2]))));
    Body::from_stream(pieces.chain(stream::pending()))
}

#[test]
fn bodies_under_way_have_a_budget_and_small_ones_go_through() {
    let service = Service::new(Config { max_bytes_under_way: 1 << 20, ..Config::default() });
    let send = |body| Box::pin(service.api.router().oneshot(request(Method::POST, "/ingest", &[JSON], body)));
    let mut waker = Context::from_waker(Waker::noop());
    let mut holding = send(held(1_000_000));
    assert!(holding.as_mut().poll(&mut waker).is_pending());
    let large = format!("{EXAMPLE}{}", " ".repeat(100_000));
    let refused = service.call(Method::POST, "/ingest", &[JSON], large.clone());
    assert_eq!((refused.gist().as_str(), refused.header("retry-after")), ("503 ERROR overloaded", "1"));
    assert_eq!(service.call(Method::POST, "/ingest", &[JSON], EXAMPLE).gist(), "200 ACCEPTED");
    drop(holding);
    assert_eq!(service.call(Method::POST, "/ingest", &[JSON], large).gist(), "200 DUPLICATE");
}

#[test]
fn what_a_body_inflates_to_and_its_events_count_too() {
    let service = Service::new(Config { max_bytes_under_way: 1 << 20, ..Config::default() });
    let batch = |events: usize| vec![EXAMPLE; events].join("\n");
    let ndjson = ("content-type", "application/x-ndjson");
    assert_eq!(service.call(Method::POST, "/ingest/batch", &[ndjson], batch(10)).status, 200);
    assert_eq!(service.call(Method::POST, "/ingest/batch", &[ndjson], batch(2_000)).gist(), "503 ERROR overloaded");
}

#[test]
fn a_malformed_body_is_not_to_be_sent_again() {
    let service = Service::new(Config::default());
    let pieces = [Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "invalid chunk size"))];
    let body = Body::from_stream(stream::iter(pieces.map(|piece: Result<Bytes, _>| piece)));
    assert_eq!(service.call(Method::POST, "/ingest", &[JSON], body).gist(), "400 REJECTED invalid_json");
}
