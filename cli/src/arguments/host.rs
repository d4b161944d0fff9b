//! A host, and the token for it.

use pik_client::{Builder, Client};

/// A host that is asked over HTTP.
#[derive(clap::Args)]
pub(crate) struct HostArgs {
    /// The host, such as http://127.0.0.1:8080
    #[arg(long, env = "PIK_URL", value_name = "URL")]
    pub(crate) url: String,

    /// The bearer token. Set it in the environment: other users of the machine can read a command line
    #[arg(long, env = "PIK_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// A client of a host, to be built.
pub(crate) fn builder(url: &str, token: Option<&str>) -> Builder {
    let builder = Client::builder(url).user_agent(concat!("pik/", env!("CARGO_PKG_VERSION")));
    match token {
        Some(token) => builder.token(token),
        None => builder,
    }
}
