//! What every request shares: the store, the host, and what the host decided.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use futures_util::lock::Mutex;
use pik_core::{Evidence, IngestTime, NotKept, Rejections, StoreError};

use crate::evidence::{Waiting, Written};
use crate::openapi;
use crate::request::body_budget::BodyBudget;
use crate::request::cors::Cors;
use crate::request::tokens::Tokens;
use crate::response::json::json;
use crate::{Config, ConfigError, Host, Load};

/// What every request shares.
pub(crate) struct Service<S, H> {
    store: S,
    host: H,
    config: Config,
    tokens: Tokens,
    cors: Cors,
    budget: Arc<BodyBudget>,
    openapi: OnceLock<Bytes>,
    waiting: Arc<Waiting>,
    writing: Mutex<()>,
}

impl<S, H: Host> Service<S, H> {
    pub(crate) fn new(store: S, host: H, config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            store,
            host,
            tokens: Tokens::new(&config),
            cors: Cors::new(&config.cors_origins),
            budget: Arc::new(BodyBudget::new(config.max_bytes_under_way)),
            openapi: OnceLock::new(),
            waiting: Arc::new(Waiting::new(config.rejections_a_minute)),
            writing: Mutex::new(()),
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

    pub(crate) fn waiting(&self) -> &Arc<Waiting> {
        &self.waiting
    }

    pub(crate) fn budget(&self) -> &Arc<BodyBudget> {
        &self.budget
    }

    pub(crate) fn load(&self) -> Load {
        let max_body_bytes = self.config.max_bytes_under_way;
        Load { body_bytes: self.budget.taken(max_body_bytes), max_body_bytes }
    }

    /// The OpenAPI document, made when it is first asked for: a cold start has no use for it.
    pub(crate) fn openapi(&self) -> Bytes {
        self.openapi.get_or_init(|| Bytes::from(json(&openapi::document(&self.config)))).clone()
    }
}

impl<S: Rejections, H: Host> Service<S, H> {
    /// Writes the evidence that waits, and removes what is too old or too much, even if nothing waits. What cannot be
    /// written waits on.
    pub(crate) async fn write_evidence(&self) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let now = IngestTime::from_unix_ms(self.host.now_ms())
            .ok_or_else(|| StoreError::Internal("the host's clock is outside the years 1 to 9999".into()))?;
        let (evidence, readers) = self.waiting.take(self.config.rejections, now);
        let Evidence { records, counts, .. } = &evidence;
        let (records, unrecorded) = (records.len(), counts.values().map(|refusals| refusals.unrecorded).sum());
        let kept = self.store.keep(evidence).await;
        let (error, rest) = match kept {
            Ok(()) => (None, None),
            Err(NotKept { error, rest }) => (Some(error), Some(rest)),
        };
        self.waiting.written(rest);
        self.host.evidence(&Written { records, unrecorded, error: error.as_ref() });
        for reader in readers {
            // It may have gone.
            let _ = reader.send(());
        }
        error.map_or(Ok(()), Err)
    }

    /// Has the evidence that waits written, for a reader who asks what there is. Failures are for the next to tell.
    pub(crate) async fn see_evidence_written(&self) {
        if self.waiting.is_idle() {
            return;
        }
        match self.waiting.want() {
            // The reader may go away in the middle, and the one that writes does not.
            Some(written) => {
                let _ = written.await;
            }
            None => {
                let _ = self.write_evidence().await;
            }
        }
    }
}
