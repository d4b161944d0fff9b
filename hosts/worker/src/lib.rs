//! x
mod database;
mod failure;
mod host;
mod investigate;
mod ledger;
mod raw_store;
mod row;
mod sql;
mod store;
mod tallies;

pub use host::WorkerHost;
pub use ledger::D1Ledger;
pub use raw_store::R2RawStore;
pub use store::WorkerStore;

use axum::response::Response;
use pik_http::{Api, Config};
use tower_service::Service;
use worker::{Context, Env, HttpRequest, event};

#[cfg(feature = "entry")]
#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _: Context) -> worker::Result<Response> {
    let store = WorkerStore::new(D1Ledger::new(env.d1("DB")?, "raw"), R2RawStore::new(env.bucket("RAW")?));
    let api = Api::new(store, WorkerHost::new(None), Config::default()).unwrap();
    Ok(api.router().call(request).await.unwrap())
}
