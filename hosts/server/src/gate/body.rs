//! A request's body that tells the connection's clock when it is complete, and ends when its time is over.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::clock::{Phase, PhaseClock};

/// How long, and how far, the rest of a body over HTTP/2 is read that nobody wants. Once it is dropped the request's stream
/// is reset, and clients that still send then lose the answer that came before.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// A request's body on a connection with a clock.
pub(crate) struct ClockedBody {
    /// There until the drop.
    incoming: Option<Incoming>,
    clock: Arc<PhaseClock>,
    has_stream: bool,
}

impl ClockedBody {
    /// `has_stream` is true where the connection goes on when the body is left.
    pub(crate) fn new(incoming: Incoming, clock: Arc<PhaseClock>, has_stream: bool) -> Self {
        let body = Self { incoming: Some(incoming), clock, has_stream };
        body.note_end();
        body
    }

    fn note_end(&self) {
        if self.is_end_stream() {
            self.clock.end_body();
        }
    }
}

async fn drain(mut incoming: Incoming) {
    let mut drained = 0;
    while drained < LINGER_BYTES {
        match poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await {
            Some(Ok(frame)) => drained += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => return,
        }
    }
    // The client has the answer by then, and waits for leave to send more.
    sleep(LINGER).await;
}

impl Body for ClockedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        match Pin::new(incoming).poll_frame(cx) {
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
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for ClockedBody {
    fn drop(&mut self) {
        if !self.is_end_stream() {
            self.clock.leave_body_unread();
            if let (true, Some(incoming), Ok(runtime)) = (self.has_stream, self.incoming.take(), Handle::try_current())
            {
                runtime.spawn(timeout(LINGER, drain(incoming)));
            }
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
