//! An answer with what logs and metrics are told about it.

use axum::response::Response;

use crate::Observation;

/// An answer with what logs and metrics are told about it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) observations: Vec<Observation>,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self { response, observations: Vec::new() }
    }
}
