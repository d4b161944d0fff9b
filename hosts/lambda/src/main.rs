#![doc = include_str!("../README.md")]

use std::process::ExitCode;
use std::time::Duration;

use lambda_http::service_fn;
use pik_aws::AwsStore;
use pik_core::Store;
use pik_http::{Api, log_lines};

mod environment;
mod function;
mod host;
mod output;

use environment::Environment;
use function::Function;
use host::LambdaHost;

/// How long opening connections may hold up the first request. It does better without than not at all.
const WARM_UP: Duration = Duration::from_secs(2);

// One request at a time is what a function gets: a second thread would only cost.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::line(log_lines::of_host(host::now_ms(), "ERROR", &format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let environment = Environment::read()?;
    let store = AwsStore::connect(environment.settings).await?;
    // Credentials, name look-ups and TLS; whether it works is the first request's to tell.
    let _ = tokio::time::timeout(WARM_UP, store.ready()).await;
    let api = Api::new(store, LambdaHost::new(environment.function_name, environment.dimensions), environment.config)?;
    let function = Function::new(api);
    lambda_http::run(service_fn(|request| function.answer(request))).await.map_err(|error| anyhow::anyhow!(error))
}
