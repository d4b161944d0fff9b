//! The names that a server without tokens answers to.
//!
//! A web page may have its own name resolve to 127.0.0.1 and then read from a server there as from its own origin (DNS
//! rebinding). Its requests carry that name in `Host`; they never carry an IP address or `localhost`.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderValue, Uri, Version, header};
use pik_http::HostFault;

/// The names that are served.
pub(crate) enum HostNames {
    /// Tokens protect what is there.
    Any,
    /// `localhost`, IP addresses, and these.
    Only(Vec<String>),
}

impl HostNames {
    /// Whether a request is meant for this server, as far as its head says.
    pub(crate) fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), HostFault> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            // `:authority` takes the place of the header, and says the same if both are there (RFC 9113, section 8.3.1).
            (None, None) if version == Version::HTTP_2 && uri.authority().is_some() => "",
            (Some(host), None) if version == Version::HTTP_2 && !is_authority(uri, host) => {
                return Err(HostFault::NoSingleHost);
            }
            (Some(host), None) => host.to_str().map_err(|_| HostFault::UnknownHost)?,
            (None, None) if version < Version::HTTP_11 => return Ok(()),
            (None, _) | (_, Some(_)) => return Err(HostFault::NoSingleHost),
        };
        // A target that is a whole URL counts before the header (RFC 9112, section 3.2.2).
        let host = uri.authority().map_or(host, |authority| authority.as_str());
        match self {
            Self::Any => Ok(()),
            Self::Only(names) if is_local(name(host)) || names.iter().any(|known| is_same(known, name(host))) => Ok(()),
            Self::Only(_) => Err(HostFault::UnknownHost),
        }
    }
}

/// Whether this is what the target has, if it has any.
fn is_authority(uri: &Uri, host: &HeaderValue) -> bool {
    uri.authority().is_none_or(|authority| host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()))
}

/// The name or address before the port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

fn is_local(name: &str) -> bool {
    let in_brackets = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    is_same(name, "localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok()
        || in_brackets.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], version: Version, hosts: &[&str]) -> Result<(), HostFault> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        let names = HostNames::Only(names.iter().map(|name| (*name).to_owned()).collect());
        names.check(version, &Uri::from_static("/ingest"), &headers)
    }

    #[test]
    fn local_names_addresses_and_those_that_are_given_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "app.localhost:1",
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
            "192.168.1.2:8080",
            "pik",
            "PIK:80",
        ] {
            assert_eq!(check(&["pik"], Version::HTTP_11, &[host]), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8080", "localhost.evil.example", "xlocalhost", "", "127.0.0.1.nip.io"]
        {
            assert_eq!(check(&["pik"], Version::HTTP_11, &[host]), Err(HostFault::UnknownHost), "{host}");
        }
    }

    #[test]
    fn http_1_1_has_one_host_and_the_target_counts_before_it() {
        assert_eq!(check(&[], Version::HTTP_11, &[]), Err(HostFault::NoSingleHost));
        assert_eq!(check(&[], Version::HTTP_11, &["localhost", "localhost"]), Err(HostFault::NoSingleHost));
        assert_eq!(check(&[], Version::HTTP_10, &["localhost", "localhost"]), Err(HostFault::NoSingleHost));
        assert_eq!(check(&[], Version::HTTP_10, &[]), Ok(()));
        let headers = HeaderMap::from_iter([(header::HOST, "localhost".parse().unwrap())]);
        let uri = Uri::from_static("http://evil.example/ingest");
        assert_eq!(HostNames::Only(vec![]).check(Version::HTTP_11, &uri, &headers), Err(HostFault::UnknownHost));
        assert_eq!(HostNames::Any.check(Version::HTTP_11, &uri, &headers), Ok(()));
    }

    #[test]
    fn http_2_has_its_authority() {
        let names = HostNames::Only(vec![]);
        let check = |uri: &'static str, hosts: &[&'static str]| {
            let headers = hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host))).collect();
            names.check(Version::HTTP_2, &Uri::from_static(uri), &headers)
        };
        assert_eq!(check("https://localhost:8443/ingest", &[]), Ok(()));
        assert_eq!(check("https://localhost:8443/ingest", &["LOCALHOST:8443"]), Ok(()));
        assert_eq!(check("/ingest", &["localhost"]), Ok(()));
        assert_eq!(check("https://evil.example/ingest", &[]), Err(HostFault::UnknownHost));
        assert_eq!(check("/ingest", &["evil.example"]), Err(HostFault::UnknownHost));
        assert_eq!(check("https://evil.example/ingest", &["localhost"]), Err(HostFault::NoSingleHost));
        assert_eq!(check("https://localhost/ingest", &["localhost", "localhost"]), Err(HostFault::NoSingleHost));
        assert_eq!(check("/ingest", &[]), Err(HostFault::NoSingleHost));
    }
}
