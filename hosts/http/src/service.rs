//! What every request shares: the store, the host, and what the host decided.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;

use crate::openapi;
use crate::request::body_budget::BodyBudget;
use crate::request::cors::Cors;
use crate::request::tokens::Tokens;
use crate::response::json::json;
use crate::{Config, ConfigError, Host};

/// What every request shares.
pub(crate) struct Service<S, H> {
    store: S,
    host: H,
    config: Config,
    tokens: Tokens,
    cors: Cors,
    budget: Arc<BodyBudget>,
    openapi: OnceLock<Bytes>,
}

impl<S, H: Host> Service<S, H> {
    pub(crate) fn new(store: S, host: H, config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            store,
            host,
            tokens: Tokens::new(&config.tokens),
            cors: Cors::new(&config.cors_origins),
            budget: Arc::new(BodyBudget::new(config.max_bytes_under_way)),
            openapi: OnceLock::new(),
            config,
        })
    }

    pub(crate) fn store(&self) -> &S {
        &self.store
    }

    pub(crate) fn host(&self) -> &H {
        &self.host
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(crate) fn cors(&self) -> &Cors {
        &self.cors
    }

    pub(crate) fn budget(&self) -> &Arc<BodyBudget> {
        &self.budget
    }

    /// The OpenAPI document, made when it is first asked for: a cold start has no use for it.
    pub(crate) fn openapi(&self) -> Bytes {
        self.openapi.get_or_init(|| Bytes::from(json(&openapi::document(&self.config)))).clone()
    }
}
