//! Answers that an HTTP/2 client has not taken yet. It may ask for the next before it reads the last, and so have a server
//! hold any number of them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;

use crate::clock::PhaseClock;

/// No answer is begun while so much of earlier ones waits for its client.
const MOST_BYTES: usize = 1024 * 1024;

/// What an answer is sent in. A client that takes one after the other is not idle.
const PIECE_BYTES: usize = 64 * 1024;

/// The answers of one connection that wait for its client.
pub(super) struct Unsent {
    clock: Arc<PhaseClock>,
    answers: AtomicUsize,
    bytes: AtomicUsize,
    freed: Notify,
}

impl Unsent {
    pub(super) fn new(clock: Arc<PhaseClock>) -> Self {
        Self { clock, answers: AtomicUsize::new(0), bytes: AtomicUsize::new(0), freed: Notify::new() }
    }

    pub(super) fn is_any(&self) -> bool {
        self.answers.load(Ordering::Relaxed) > 0
    }

    /// Waits until the client has taken enough of what it asked for.
    pub(super) async fn room(&self) {
        loop {
            let freed = self.freed.notified();
            if self.bytes.load(Ordering::Relaxed) < MOST_BYTES {
                return;
            }
            freed.await;
        }
    }
}

/// One answer that is not sent to its end. The connection holds its pieces longer than its body.
struct Answer {
    unsent: Arc<Unsent>,
    bytes: usize,
}

impl Answer {
    fn new(unsent: Arc<Unsent>, bytes: usize) -> Self {
        unsent.answers.fetch_add(1, Ordering::Relaxed);
        unsent.bytes.fetch_add(bytes, Ordering::Relaxed);
        Self { unsent, bytes }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.unsent.clock.sent();
        self.unsent.answers.fetch_sub(1, Ordering::Relaxed);
        self.unsent.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.unsent.freed.notify_waiters();
    }
}

/// The body of an answer, which is counted as long as any of it is held.
pub(super) struct AnswerBody {
    body: Body,
    rest: Bytes,
    answer: Arc<Answer>,
}

impl AnswerBody {
    pub(super) fn new(body: Body, unsent: Arc<Unsent>) -> Self {
        let bytes = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        Self { body, rest: Bytes::new(), answer: Arc::new(Answer::new(unsent, bytes)) }
    }

    fn piece(&mut self) -> Bytes {
        let bytes = self.rest.split_to(PIECE_BYTES.min(self.rest.len()));
        Bytes::from_owner(Piece { bytes, answer: Arc::clone(&self.answer) })
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.body.size_hint().exact() {
            Some(size) => SizeHint::with_exact(size + self.rest.len() as u64),
            None => SizeHint::default(),
        }
    }
}

/// A part of an answer, until it was written to the socket.
struct Piece {
    bytes: Bytes,
    answer: Arc<Answer>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.answer.unsent.clock.sent();
    }
}
