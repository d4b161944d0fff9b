//! The answers of an operation.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, RefOr, Schema};

use super::BEARER;
use crate::response::schemas::{component, string};
use crate::{Config, ErrorCode};

/// The answers of an operation, by HTTP status: what each means, or its codes, and the schemas it may have.
#[derive(Default)]
pub(super) struct Answers(BTreeMap<u16, (Vec<&'static str>, BTreeSet<&'static str>)>);

impl Answers {
    /// What every request may be answered, by the host around the Router too.
    pub(super) fn of_any() -> Self {
        let mut answers = Self::default();
        for code in [
            ErrorCode::MethodNotAllowed,
            ErrorCode::Timeout,
            ErrorCode::InvalidParameter,
            ErrorCode::Overloaded,
            ErrorCode::Internal,
        ] {
            answers.add_error(code);
        }
        answers
    }

    pub(super) fn add(&mut self, status: StatusCode, meaning: &'static str, schema: &'static str) {
        let (meanings, schemas) = self.0.entry(status.as_u16()).or_default();
        meanings.push(meaning);
        schemas.insert(schema);
    }

    pub(super) fn add_error(&mut self, code: ErrorCode) {
        self.add(code.http_status(), code.as_str(), "Failed");
    }

    /// The operation with these answers.
    pub(super) fn complete(self, operation: OperationBuilder) -> OperationBuilder {
        self.0.into_iter().fold(operation, |operation, (status, (meanings, schemas))| {
            operation.response(status.to_string(), response(status, &meanings, &schemas))
        })
    }

    /// [`Answers::complete`], for an operation that asks for a token where there are any.
    pub(super) fn complete_behind_tokens(mut self, operation: OperationBuilder, config: &Config) -> OperationBuilder {
        if !config.asks_for_tokens() {
            return self.complete(operation);
        }
        self.add_error(ErrorCode::Unauthorized);
        self.add(StatusCode::FORBIDDEN, ErrorCode::Unauthorized.as_str(), "Failed");
        self.complete(operation.security(SecurityRequirement::new(BEARER, Vec::<String>::new())))
    }
}

pub(super) fn of_schema(schema: impl Into<RefOr<Schema>>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

pub(super) fn header(description: &str) -> Header {
    HeaderBuilder::new().schema(Some(string().build())).description(Some(description)).build()
}

fn response(status: u16, meanings: &[&str], schemas: &BTreeSet<&str>) -> Response {
    let schema: RefOr<Schema> = match schemas.first() {
        Some(only) if schemas.len() == 1 => component(only).into(),
        _ => schemas.iter().fold(OneOfBuilder::new(), |any, name| any.item(component(name))).into(),
    };
    let response = ResponseBuilder::new()
        .description(meanings.join(", "))
        .content("application/json", of_schema(schema))
        .header("x-request-id", header("The request's id, in logs and records too."));
    match StatusCode::from_u16(status) {
        Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            response.header("www-authenticate", header("The scheme: Bearer."))
        }
        Ok(StatusCode::METHOD_NOT_ALLOWED) => response.header("allow", header("The methods this path takes.")),
        Ok(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
            response.header("retry-after", header("In seconds."))
        }
        Ok(_) | Err(_) => response,
    }
    .build()
}
