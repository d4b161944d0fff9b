//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pik_core::{Investigate, Store};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::Limits;
use crate::clock::{Phase, PhaseClock};
use crate::gate::Gate;
use crate::http_socket::HttpSocket;

/// Serves requests until the client, a time-out or `stop` ends the connection.
pub(crate) async fn serve<S: Store + Investigate>(
    stream: TcpStream,
    gate: Arc<Gate<S>>,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let clock = Arc::new(PhaseClock::new());
    let socket = TokioIo::new(HttpSocket::new(stream, Arc::clone(&clock)));
    let service = service_fn(|request| {
        let (gate, clock) = (Arc::clone(&gate), Arc::clone(&clock));
        async move { Ok::<_, Infallible>(gate.answer(request, &clock).await) }
    });
    let mut connection = http1::Builder::new().serve_connection(socket, service);
    let mut tick = interval_at(Instant::now() + limits.tick(), limits.tick());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopping = false;
    loop {
        tokio::select! {
            // What has arrived is looked at before the clock and the signal.
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection broke");
                }
                return;
            }
            _ = tick.tick() => match clock.check(&limits) {
                None => {}
                // Its request looks at the clock when the connection is polled again.
                Some(Phase::Body | Phase::Answer) => {}
                Some(Phase::Idle) => return,
                Some(Phase::Head) => break,
            },
            _ = stop.changed(), if !stopping => {
                stopping = true;
                // hyper takes a connection without any request yet for a busy one.
                if clock.phase() == Phase::Idle && !clock.any_request() {
                    return;
                }
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    let stream = connection.into_parts().io.into_inner().into_stream();
    // Whoever does not take the answer gets none.
    let _ = tokio::time::timeout(limits.header, refuse(stream, gate.slow_head())).await;
}

/// Writes an answer where hyper would only close.
async fn refuse(mut stream: TcpStream, response: Response) -> std::io::Result<()> {
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
