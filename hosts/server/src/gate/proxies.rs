//! Who a request comes from, behind proxies that are believed.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The proxies that are believed.
pub(super) struct Proxies(pub(super) Vec<IpNet>);

impl Proxies {
    /// The client's address: the last one in `X-Forwarded-For` that is no believed proxy, where the request comes from one.
    /// What stands further left is whatever the client wrote.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let named = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for address in named {
            if !self.believes(client) {
                break;
            }
            let Some(address) = read(address) else { break };
            client = address.to_canonical();
        }
        client
    }

    fn believes(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Some proxies write the port, too, and IPv6 addresses between brackets.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = text.trim_start_matches('[').trim_end_matches(']').parse();
    address.ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_last_address_that_no_believed_proxy_has_is_the_client() {
        let proxies = Proxies(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        for (peer, forwarded, client) in [
            ("127.0.0.1", &["203.0.113.7"][..], "203.0.113.7"),
            ("127.0.0.1", &["1.1.1.1, 203.0.113.7, 10.2.3.4"], "203.0.113.7"),
            ("127.0.0.1", &["1.1.1.1", "203.0.113.7", "10.2.3.4"], "203.0.113.7"),
            ("::ffff:127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["203.0.113.7:5678"], "203.0.113.7"),
            ("127.0.0.1", &["[2001:db8::1]:80, [2001:db8::2]"], "2001:db8::2"),
            ("127.0.0.1", &["1.1.1.1, [2001:db8::1]:80, 10.0.0.1"], "2001:db8::1"),
            ("127.0.0.1", &["10.0.0.1"], "10.0.0.1"),
            ("127.0.0.1", &["203.0.113.7, unknown"], "127.0.0.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("203.0.113.9", &["10.0.0.1"], "203.0.113.9"),
        ] {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            assert_eq!(
                proxies.client(peer.parse().unwrap(), &headers),
                client.parse::<IpAddr>().unwrap(),
                "{forwarded:?}"
            );
        }
    }
}
