//! The service: a store, a host and what the host decides.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::request;
use axum::response::Response;
use pik_core::{Investigate, Store};

use crate::answer::json;
use crate::cors::Cors;
use crate::refusal::Refusal;
use crate::tokens::Tokens;
use crate::{Call, Config, ConfigError, Endpoint, ErrorCode, Host, HostFault, intake, openapi, resources};

/// The service. Clones share everything.
pub struct Api<S, H>(Arc<Parts<S, H>>);

struct Parts<S, H> {
    store: S,
    host: H,
    config: Config,
    tokens: Tokens,
    cors: Cors,
    openapi: OnceLock<Bytes>,
}

impl<S, H> Clone for Api<S, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Store + Investigate, H: Host> Api<S, H> {
    /// The Router to serve.
    pub fn router(&self) -> Router {
        Endpoint::ALL
            .into_iter()
            .fold(Router::new(), |router, endpoint| router.route(endpoint.path(), resources::methods(endpoint)))
            .fallback(resources::not_found::<S, H>)
            .with_state(self.clone())
    }
}

impl<S: Store, H: Host> Api<S, H> {
    /// A service on `store`; fails on a configuration that cannot be right.
    pub fn new(store: S, host: H, config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let tokens = Tokens::new(&config.tokens);
        let cors = Cors::new(&config.cors_origins);
        Ok(Self(Arc::new(Parts { store, host, config, tokens, cors, openapi: OnceLock::new() })))
    }

    /// Takes note of a request before the Router sees it, for a host that may have to answer it by itself. The
    /// Router goes on with the same [`Call`].
    pub fn begin(&self, request: &mut Request) -> Call {
        let call = Call::begin(self, request.uri(), request.headers());
        request.extensions_mut().insert(call.clone());
        call
    }

    /// The answer of a host that cannot let the Router answer; observed like any other. `reason` is for the log.
    pub fn refuse(&self, call: Call, fault: HostFault, reason: Option<String>) -> Response {
        let code = ErrorCode::from(fault);
        call.refuse(self, &Refusal::Error { code, message: code.service_message().into(), reason, header: None })
    }

    /// Asks for a token where one is needed, for what a host serves beside the Router; or has the answer.
    pub fn admit(&self, call: Call, head: &request::Parts) -> Result<Call, Box<Response>> {
        match intake::admit(self, head) {
            Ok(()) => Ok(call),
            Err(refusal) => Err(Box::new(call.refuse(self, &refusal))),
        }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.0.store
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// What the host decided.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The OpenAPI document, made when it is first asked for: a cold start has no use for it.
    pub fn openapi(&self) -> Bytes {
        self.0.openapi.get_or_init(|| Bytes::from(json(&openapi::document(self.config())))).clone()
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn cors(&self) -> &Cors {
        &self.0.cors
    }
}
