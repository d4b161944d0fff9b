//! One request, from Cloudflare and back.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pik_cloudflare::{CloudflareStore, D1Ledger, R2RawStore, cloudflare_store};
use pik_http::{Api, Config, HostFault, log_lines};
use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, js_sys};

use crate::WorkerHost;
use crate::environment::{Environment, Mode};
use crate::gate::Gate;
use crate::nowhere::Nowhere;

/// The names of the bindings.
const BUCKET: &str = "RAW";
const DATABASE: &str = "DB";
const ANALYTICS: &str = "ANALYTICS";
const NAME: &str = "WORKER_NAME";

/// Cloudflare's id of a request.
const CF_RAY: &str = "cf-ray";

/// Answers a request. Nothing outlives it: bindings belong to the request that they were taken from.
pub async fn serve(request: Request, env: &Env, context: &Context) -> Response {
    let host = host(&request, env);
    match Environment::read(|name: &str| variable(env, name))
        .and_then(|environment| Served::new(env, environment, &host))
    {
        Ok(Served::Store(api)) => {
            let call = api.begin(&request);
            let answer = api.answer(&call, request).await;
            // Behind the answer. The host tells failures.
            context.wait_until(async move {
                let _ = api.write_evidence().await;
            });
            answer
        }
        Ok(Served::Gate(gate)) => gate.answer(request).await,
        Err(error) => misconfigured(host, &request, error),
    }
}

enum Served {
    Store(Api<CloudflareStore, WorkerHost>),
    Gate(Gate),
}

impl Served {
    fn new(env: &Env, environment: Environment, host: &WorkerHost) -> Result<Self, String> {
        let Environment { config, mode, dimensions } = environment;
        let host = host.clone().with_dimensions(dimensions);
        let served = match mode {
            Mode::Store { bucket } => Api::new(store(env, bucket)?, host, config).map(Self::Store),
            Mode::Gate(upstream) => Gate::new(host, config, upstream).map(Self::Gate),
        };
        served.map_err(|error| error.to_string())
    }
}

/// A variable's or secret's text.
fn variable(env: &Env, name: &str) -> Result<Option<String>, String> {
    let value = js_sys::Reflect::get(env, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
    if value.is_undefined() {
        return Ok(None);
    }
    value.as_string().map(Some).ok_or_else(|| format!("{name} is not a text; put quotation marks around its value"))
}

fn host(request: &Request, env: &Env) -> WorkerHost {
    let name = variable(env, NAME).ok().flatten().unwrap_or_else(|| "pik".to_owned());
    let ray_id = request.headers().get(CF_RAY).and_then(|id| id.to_str().ok()).map(str::to_owned);
    WorkerHost::new(name, ray_id).with_analytics(env.analytics_engine(ANALYTICS).ok())
}

fn store(env: &Env, bucket: String) -> Result<CloudflareStore, String> {
    let database = env.d1(DATABASE).map_err(|error| format!("the D1 database {DATABASE}: {error}"))?;
    let raw = env.bucket(BUCKET).map_err(|error| format!("the R2 bucket {BUCKET}: {error}"))?;
    Ok(cloudflare_store(D1Ledger::new(database, bucket), R2RawStore::new(raw)))
}

/// The answer to everything while a setting cannot be right. What is wrong is for the log.
fn misconfigured(host: WorkerHost, request: &Request, error: String) -> Response {
    match Api::new(Nowhere, host, Config::default()) {
        Ok(api) => {
            let call = api.begin(request);
            api.refuse(&call, HostFault::Internal, Some(error))
        }
        // The defaults cannot be wrong.
        Err(other) => {
            worker::console_log!("{}", log_lines::of_host(0, "ERROR", &format!("{error}; {other}")));
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
