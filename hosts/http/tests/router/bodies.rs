//! Bodies as they come off a network: in pieces, late, too long or broken off.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::Method;
use futures_util::stream;
use http_body::{Frame, SizeHint};
use pik_http::Config;

use crate::service::{EXAMPLE, Service};

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
fn a_body_that_nobody_wants_is_read_a_little_further_and_no_more() {
    let megabyte = 1 << 20;
    // 3 MiB: read to the end, so that the client gets to read the answer.
    let (body, read) = counted(48);
    let service = Service::new(Config::default());
    assert_eq!(service.call(Method::POST, "/ingest", &[JSON], body).gist(), "413 REJECTED too_large");
    assert_eq!(read.load(Ordering::Relaxed), 3 * megabyte);
    // 1 GiB: not.
    for (method, target, most) in [(Method::POST, "/ingest", 6), (Method::GET, "/ingest", 5), (Method::POST, "/x", 5)] {
        let (body, read) = counted(16 * 1024);
        assert!(service.call(method, target, &[JSON], body).status.is_client_error());
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
fn a_body_that_is_announced_as_far_too_long_is_not_read_at_all() {
    for (target, megabytes) in [("/ingest", 5), ("/ingest/batch", 17)] {
        let (body, read) = counted(megabytes * 16);
        let body = Body::new(Announced { body, bytes: (megabytes as u64) << 20 });
        let service = Service::new(Config::default());
        assert_eq!(service.call(Method::POST, target, &[JSON], body).gist(), "413 REJECTED too_large");
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }
}
