//! Statements on D1 and what came of them.

use pik_core::StoreError;
use serde::de::DeserializeOwned;
use worker::send::SendFuture;
use worker::wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result};

use crate::failure;

/// What a JavaScript number holds exactly.
const MAX_EXACT: u64 = 1 << 53;

/// A value in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parameter {
    Number(i64),
    Text(String),
    Null,
}

impl From<i64> for Parameter {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Parameter {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

impl Parameter {
    fn value(&self) -> Result<JsValue, StoreError> {
        match self {
            Self::Number(number) if number.unsigned_abs() > MAX_EXACT => {
                Err(StoreError::Internal(format!("{number} is beyond what D1 takes as a whole number")))
            }
            Self::Number(number) => Ok(JsValue::from_f64(*number as f64)),
            Self::Text(text) => Ok(JsValue::from_str(text)),
            Self::Null => Ok(JsValue::NULL),
        }
    }
}

/// A statement and the values in it.
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) parameters: Vec<Parameter>,
}

/// What a statement did.
pub(crate) struct Done<T> {
    /// How many rows it inserted or updated.
    pub(crate) changes: usize,
    /// What it selected.
    pub(crate) rows: Vec<T>,
}

/// One D1 database. Without a session, so that every statement goes to the primary and sees what was written before.
#[derive(Debug)]
pub(crate) struct Database(D1Database);

impl Database {
    pub(crate) fn new(binding: D1Database) -> Self {
        Self(binding)
    }

    /// Runs one statement; `call` names what it is for.
    pub(crate) async fn run<T: DeserializeOwned + Send>(
        &self,
        call: &'static str,
        statement: Statement,
    ) -> Result<Done<T>, StoreError> {
        SendFuture::new(async move {
            let result = self.prepare(call, &statement)?.all().await.map_err(|error| failure::of_d1(call, &error))?;
            done(call, &result)
        })
        .await
    }

    /// Runs several statements in one transaction and one round trip.
    pub(crate) async fn batch<T: DeserializeOwned + Send, const N: usize>(
        &self,
        call: &'static str,
        statements: [Statement; N],
    ) -> Result<[Done<T>; N], StoreError> {
        SendFuture::new(async move {
            let prepared =
                statements.iter().map(|statement| self.prepare(call, statement)).collect::<Result<_, _>>()?;
            let results = self.0.batch(prepared).await.map_err(|error| failure::of_d1(call, &error))?;
            let results = results.iter().map(|result| done(call, result)).collect::<Result<Vec<_>, _>>()?;
            results.try_into().map_err(|_| StoreError::Internal(format!("{call}: D1 left results out")))
        })
        .await
    }

    /// [`Database::batch`] of any number of statements, of which nothing is read.
    pub(crate) async fn batch_all(&self, call: &'static str, statements: &[Statement]) -> Result<(), StoreError> {
        SendFuture::new(async move {
            let prepared =
                statements.iter().map(|statement| self.prepare(call, statement)).collect::<Result<_, _>>()?;
            self.0.batch(prepared).await.map(drop).map_err(|error| failure::of_d1(call, &error))
        })
        .await
    }

    fn prepare(&self, call: &'static str, statement: &Statement) -> Result<D1PreparedStatement, StoreError> {
        let values = statement.parameters.iter().map(Parameter::value).collect::<Result<Vec<_>, _>>()?;
        self.0.prepare(statement.sql).bind(&values).map_err(|error| failure::of_d1(call, &error))
    }
}

fn done<T: DeserializeOwned>(call: &'static str, result: &D1Result) -> Result<Done<T>, StoreError> {
    let meta = result.meta().map_err(|error| failure::of_d1(call, &error))?;
    let changes = meta.and_then(|meta| meta.changes);
    let changes =
        changes.ok_or_else(|| StoreError::Internal(format!("{call}: D1 did not tell how many rows changed")))?;
    let rows = result.results().map_err(|error| failure::of_d1(call, &error))?;
    Ok(Done { changes, rows })
}
