//! A request's body that tells the connection's clock when it is complete, and ends when its time is over.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::clock::{Phase, PhaseClock};

/// A request's body on a connection with a clock.
pub(crate) struct ClockedBody {
    incoming: Incoming,
    clock: Arc<PhaseClock>,
}

impl ClockedBody {
    pub(crate) fn new(incoming: Incoming, clock: Arc<PhaseClock>) -> Self {
        let body = Self { incoming, clock };
        body.note_end();
        body
    }

    fn note_end(&self) {
        if self.incoming.is_end_stream() {
            self.clock.end_body();
        }
    }
}

impl Body for ClockedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Pending if self.clock.phase() == Phase::Body && self.clock.expired() => {
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the body did not arrive in time"))))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                self.note_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(broken(&error)))),
            Poll::Ready(None) => {
                self.clock.end_body();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for ClockedBody {
    fn drop(&mut self) {
        if !self.incoming.is_end_stream() {
            self.clock.leave_body_unread();
        }
        self.clock.end_body();
    }
}

/// The Router tells a malformed body, which is the client's fault, from one that broke off by the error's kind.
fn broken(error: &hyper::Error) -> io::Error {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let kind = match cause.map(io::Error::kind) {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => io::ErrorKind::InvalidData,
        Some(kind) => kind,
        None => io::ErrorKind::UnexpectedEof,
    };
    io::Error::new(kind, error.to_string())
}
