//! The `Host` header.

use pik_core::MemoryStore;
use pik_http::Config;

use crate::served::{LIMITS, Served};

fn ask(served: &Served, path: &str, hosts: &str) -> (u16, String) {
    served.ask(&format!("GET {path} HTTP/1.1\r\n{hosts}\r\n"))
}

#[test]
fn http_1_1_has_exactly_one() {
    for config in [Config::default(), Config { tokens: vec!["a".into()], ..Config::default() }] {
        let served = Served::new(config, LIMITS);
        for hosts in ["", "host: localhost\r\nhost: localhost\r\n"] {
            let (status, text) = ask(&served, "/healthz", hosts);
            assert!(status == 400 && text.contains("Host header") && text.contains("x-request-id"), "{text}");
        }
        assert_eq!(served.ask("GET /healthz HTTP/1.0\r\n\r\n").0, 200);
    }
}

#[test]
fn without_tokens_a_name_that_a_page_could_have_is_not_served() {
    let served = Served::on(MemoryStore::default(), Config::default(), LIMITS, &["pik.internal"]);
    let question = "/events?entity_id=e";
    for host in ["localhost", "127.0.0.1:80", "[::1]", "10.0.0.1", "pik.internal:8080"] {
        assert_eq!(ask(&served, question, &format!("host: {host}\r\n")).0, 200, "{host}");
    }
    let (status, text) = ask(&served, question, "host: evil.example\r\n");
    assert!(status == 400 && text.contains("--host-name"), "{text}");
    // Load balancers call it as they like.
    assert_eq!(ask(&served, "/readyz", "host: evil.example\r\n").0, 200);
}

#[test]
fn with_tokens_every_name_is_served() {
    let served = Served::new(Config { tokens: vec!["secret".into()], ..Config::default() }, LIMITS);
    let hosts = "host: any.example\r\nauthorization: Bearer secret\r\n";
    assert_eq!(ask(&served, "/events?entity_id=e", hosts).0, 200);
}
