//! The page and its questions, on a port of this machine.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pik_http::Endpoint;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::proxy::{Proxy, failed};
use crate::terminal::tell;

/// More than a host takes by default.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Serves until a signal.
pub(crate) fn serve(listen: SocketAddr, proxy: Proxy) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen at {listen}"))?;
        let address = listener.local_addr()?;
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tell("open /console/ at the address below; Ctrl-C ends it");
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening on http://{address}")?;
        stdout.flush()?;
        tokio::select! {
            () = accept(&listener, address, Arc::new(proxy)) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

async fn accept(listener: &TcpListener, address: SocketAddr, proxy: Arc<Proxy>) {
    loop {
        // A failure is nearly always a lack of file descriptors, and passes.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let proxy = Arc::clone(&proxy);
                async move { Ok::<_, Infallible>(answer(request, address, proxy).await) }
            });
            // A browser that goes away is no event.
            let _ =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, address: SocketAddr, proxy: Arc<Proxy>) -> Response {
    if !is_own(request.headers(), address) {
        let message = "this page asks from somewhere else; open the address that `pik console` told";
        return failed(StatusCode::FORBIDDEN, "unauthorized", message);
    }
    if let Some(page) = pik_console::answer(request.method(), request.uri(), request.headers()) {
        return page;
    }
    // The host's counters are for its operators; everything else is what the page is made of.
    if matches!(Endpoint::of(request.uri().path()), Endpoint::Unknown | Endpoint::Metrics) {
        return failed(StatusCode::NOT_FOUND, "not_found", "no such path; the console is at /console/");
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), MAX_BODY_BYTES).await else {
        return failed(StatusCode::BAD_REQUEST, "invalid_parameter", "the body broke off, or is over 64 MiB");
    };
    let asked = tokio::task::spawn_blocking(move || proxy.ask(head.method, &head.uri, &head.headers, body)).await;
    asked.unwrap_or_else(|_| failed(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a fault of `pik console`"))
}

/// Whether a request comes from the page itself or from the address bar. Another site's page could have its own name lead
/// here, or send a form here, and the token would be used for it.
fn is_own(headers: &HeaderMap, address: SocketAddr) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let hosts = [address.to_string(), format!("localhost:{}", address.port())];
    let Some(host) = text(header::HOST) else { return false };
    let from_here = text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    let site = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or_default());
    hosts.iter().any(|own| own == host) && from_here && site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_own(&headers, SocketAddr::from(([127, 0, 0, 1], 8081)))
    }

    #[test]
    fn other_sites_cannot_use_the_token() {
        let host = ("host", "127.0.0.1:8081");
        assert!(own(&[host]));
        assert!(own(&[("host", "localhost:8081"), ("sec-fetch-site", "none")]));
        assert!(own(&[host, ("origin", "http://127.0.0.1:8081"), ("sec-fetch-site", "same-origin")]));
        assert!(!own(&[]));
        assert!(!own(&[("host", "evil.example:8081")]));
        assert!(!own(&[("host", "127.0.0.1:80")]));
        assert!(!own(&[host, ("origin", "http://evil.example")]));
        assert!(!own(&[host, ("origin", "null")]));
        assert!(!own(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
