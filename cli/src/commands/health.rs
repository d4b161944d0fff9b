//! `pik health`: a question to a server that runs, for what watches it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::serve::{address, seconds};

/// Ask a server whether it is well.
///
/// Exits with 0 if it is. Otherwise it says why not and exits with 1. It is meant for HEALTHCHECK and for scripts that
/// wait for a start. No token is needed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server, such as https://events.example; without it the one of this machine that --listen tells
    // Not from PIK_URL: a container that names another host there would be well whenever that one is.
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The address that the server of this machine listens on
    #[arg(long, env = "PIK_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,

    /// Ask whether the process answers (/healthz), not whether its store does too (/readyz)
    #[arg(long)]
    process: bool,

    /// How long the answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
    timeout: Duration,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let base = match &args.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", reachable(args.listen)),
    };
    let url = format!("{base}{}", if args.process { "/healthz" } else { "/readyz" });
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(args.timeout))
        .user_agent(concat!("pik-health/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
    // A proxy could not reach this machine's own address.
    let config = if args.url.is_none() { config.proxy(None) } else { config };
    let mut answer = config.build().new_agent().get(&url).call().with_context(|| format!("no answer from {url}"))?;
    let text = answer.body_mut().with_config().limit(65_536).read_to_string().unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    if answer.status() == 200 && body["status"] == "OK" {
        return Ok(ExitCode::SUCCESS);
    }
    let reason = body["message"].as_str().unwrap_or("this is no answer of pik");
    bail!("{url} answers {}: {reason}", answer.status().as_u16())
}

/// Where a server that listens everywhere is found from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        let cases = [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:80", "[::1]:80"),
            ("10.1.2.3:8080", "10.1.2.3:8080"),
            ("[fe80::1]:8080", "[fe80::1]:8080"),
        ];
        for (listen, asked) in cases {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
