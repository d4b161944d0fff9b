//! A request's body that tells the connection's clock when it is complete.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::clock::PhaseClock;

/// A request's body that tells the connection's clock when it is complete.
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
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => self.note_end(),
            Some(Err(_)) | None => self.clock.end_body(),
        }
        Poll::Ready(frame)
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
        self.clock.end_body();
    }
}
