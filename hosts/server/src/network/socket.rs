//! A socket that tells the connection's clock when bytes move, and keeps hyper's wordless answers back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{Phase, PhaseClock};

/// The socket of one connection.
pub(super) struct HttpSocket<T> {
    stream: T,
    clock: Arc<PhaseClock>,
}

impl<T> HttpSocket<T> {
    pub(super) fn new(stream: T, clock: Arc<PhaseClock>) -> Self {
        Self { stream, clock }
    }

    pub(super) fn into_stream(self) -> T {
        self.stream
    }

    /// Whether these bytes are hyper's own answer to a head that it cannot read, or come behind it. Within a head nothing
    /// else begins an answer: the one before was written, or its beginning was.
    fn keeps_back(&self, bytes: &[u8]) -> bool {
        if self.clock.refused().is_some() {
            return true;
        }
        if !matches!(self.clock.phase(), Phase::Head | Phase::Idle) {
            return false;
        }
        match own_status(bytes) {
            Some(status) => {
                self.clock.refuse(status);
                true
            }
            None => false,
        }
    }
}

/// The status of an answer that hyper makes by itself: its head has a length, a date, and nothing of ours.
fn own_status(bytes: &[u8]) -> Option<u16> {
    let head = str::from_utf8(bytes).ok()?;
    let status = head.strip_prefix("HTTP/1.1 4").or_else(|| head.strip_prefix("HTTP/1.0 4"))?.get(..2)?;
    let ours = head.contains("x-request-id: ") || !head.ends_with("\r\n\r\n");
    if ours { None } else { status.parse().ok().map(|status: u16| 400 + status) }
}

impl<T: AsyncRead + Unpin> AsyncRead for HttpSocket<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.clock.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for HttpSocket<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.keeps_back(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.clock.sent();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.first().is_some_and(|first| self.keeps_back(first)) {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.clock.sent();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.clock.refused().is_some() {
            // Our own answer is still to come.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::own_status;

    #[test]
    fn hypers_own_answers_are_told_from_ours() {
        let own = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(own_status(own), Some(431));
        assert_eq!(own_status(b"HTTP/1.1 400 Bad Request\r\nx-request-id: a\r\n\r\n"), None);
        assert_eq!(own_status(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(own_status(b"{\"status\":\"REJECTED\"}"), None);
        assert_eq!(own_status(b"HTTP/1.1 4"), None);
    }
}
