//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::HttpBody;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pik_core::{Investigate, Store};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::slots::Slot;
use super::socket::HttpSocket;
use crate::clock::Phase;
use crate::gate::Gate;
use crate::{Course, Limits};

/// What a connection reads before it is looked at, and so the limit on a request's head. A thousand connections within
/// large bodies hold this much each.
pub(super) const READ_BYTES: usize = 32 * 1024;

/// How long a connection waits for one more request when the server stops. The answer to it tells the client to connect again;
/// one that is closed without a word may take a request down that was just on its way.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How long, and how far, what a client still sends is read after the last answer. Bytes that arrive at a closed
/// socket take the answer down with them.
pub(super) const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Serves requests until the client, a time-out, another connection or the end of the server ends the connection.
pub(super) async fn serve<S: Store + Investigate>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    slot: Slot,
    gate: Arc<Gate<S>>,
    limits: Limits,
    mut course: watch::Receiver<Course>,
) {
    let clock = Arc::clone(&slot.clock);
    let socket = TokioIo::new(HttpSocket::new(stream, Arc::clone(&clock)));
    let service = service_fn(|request| {
        let (gate, clock, admission) = (Arc::clone(&gate), Arc::clone(&clock), slot.admission());
        async move { Ok::<_, Infallible>(gate.answer(request, peer, &clock, admission).await) }
    });
    let mut http = http1::Builder::new();
    // A client that has sent its request may close its half of the connection, and gets its answer.
    http.half_close(true).max_buf_size(READ_BYTES);
    let mut connection = http.serve_connection(socket, service);
    let mut tick = interval_at(Instant::now() + limits.tick(), limits.tick());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut stopping, mut leaving) = (false, false);
    let mut farewell = pin!(sleep(FAREWELL));
    let refusal = loop {
        tokio::select! {
            // What has arrived is looked at before the clock and the signal.
            biased;
            ended = &mut connection => match (ended, clock.refused()) {
                (Err(error), Some(status)) => break Some(gate.not_http(status, &error.to_string())),
                (Ok(()), Some(status)) => break Some(gate.not_http(status, "hyper refused the request's head")),
                (Err(error), None) => {
                    tracing::debug!(%error, "connection broke");
                    break None;
                }
                (Ok(()), None) => break None,
            },
            _ = tick.tick() => match clock.check(&limits) {
                None => {}
                // Its request looks at the clock when the connection is polled again.
                Some(Phase::Body | Phase::Answer) => {}
                Some(Phase::Idle) => return,
                Some(Phase::Head) => break Some(gate.slow_head()),
            },
            // A request may have come in at the last moment.
            () = slot.close.notified() => if clock.waiting().is_some() { return },
            () = Course::ends(&mut course), if !stopping => {
                stopping = true;
                farewell.as_mut().reset(Instant::now() + FAREWELL);
            }
            () = &mut farewell, if stopping && !leaving => {
                leaving = true;
                match clock.phase() {
                    // hyper takes a connection without any request yet for a busy one.
                    Phase::Idle if !clock.any_request() => return,
                    // hyper would cut it off. The answer to it ends the connection, or the limit on its time does.
                    Phase::Head => {}
                    Phase::Idle | Phase::Body | Phase::Answer => Pin::new(&mut connection).graceful_shutdown(),
                }
            }
        }
    };
    let mut stream = connection.into_parts().io.into_inner().into_stream();
    let unread = clock.body_unread() || refusal.is_some();
    if let Some(response) = refusal {
        // A client that does not take the answer gets none.
        let _ = timeout(limits.header, write(&mut stream, response)).await;
    }
    if unread {
        let _ = timeout(LINGER, drain(&mut stream)).await;
    }
}

/// Writes an answer where hyper would only close.
async fn write(stream: &mut (impl AsyncWrite + Unpin), response: Response) -> std::io::Result<()> {
    let (head, mut body) = response.into_parts();
    let mut text = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    let length = body.size_hint().exact().unwrap_or(0);
    text.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
    while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(bytes) = frame.into_data() {
            text.extend_from_slice(&bytes);
        }
    }
    stream.write_all(&text).await?;
    stream.shutdown().await
}

/// Reads what a client still sends, until it closes.
pub(super) async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    let mut piece = [0; 4096];
    let mut drained = 0;
    while drained < LINGER_BYTES {
        match stream.read(&mut piece).await? {
            0 => break,
            count => drained += count,
        }
    }
    Ok(())
}
