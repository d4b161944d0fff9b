//! What Cloudflare calls.

use axum::body::Body;
use axum::response::Response;
use worker::{Context, Env, HttpRequest, event};

// Run when the module is loaded, where nothing is allowed that takes time: no randomness, no clock, no call.
fn main() {}

#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, context: Context) -> worker::Result<Response> {
    Ok(pik_worker::serve(request.map(Body::new), &env, &context).await)
}
