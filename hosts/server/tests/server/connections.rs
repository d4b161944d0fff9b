//! Too many connections, silent ones among them.

use std::time::Duration;

use pik_http::Config;
use pik_server::Limits;

use crate::served::{Client, EVENT, LIMITS, Served, get, post};

fn held(served: &Served, count: usize) -> Vec<Client> {
    let request = post("/ingest", EVENT);
    let hold = |_| {
        let mut client = served.connect();
        client.write(&request[..request.len() - 1]);
        client
    };
    (0..count).map(hold).collect()
}

#[test]
fn silent_connections_shut_no_client_out() {
    // Nothing is closed for its time-outs here.
    let served = Served::new(Config::default(), Limits { connections: 20, ..LIMITS });
    let mut silent: Vec<Client> = (0..20).map(|_| served.connect()).collect();
    let mut health = served.connect();
    health.write(get("/healthz"));
    assert_eq!(health.answer().0, 200);
    // Each new connection takes the place of the one that waited the longest.
    std::thread::sleep(Duration::from_millis(1_100));
    for _ in 0..10 {
        assert_eq!(served.ask(&post("/ingest", EVENT)).0, 200);
    }
    assert!(silent[0].is_closed());
}

#[test]
fn the_first_head_has_the_header_limit() {
    let served = Served::new(Config::default(), Limits { header: Duration::from_millis(200), ..LIMITS });
    assert!(served.connect().is_closed(), "long before the idle limit");
    let mut slow = served.connect();
    slow.write("GET /healthz HTTP/1.1\r\n");
    assert_eq!(slow.answer().0, 408);
}

#[test]
fn when_all_are_busy_health_is_answered_and_the_rest_told_to_wait() {
    let served = Served::new(Config::default(), Limits { connections: 3, requests: 100, ..LIMITS });
    let mut busy = held(&served, 3);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(served.ask(&get(path)).0, 200);
    }
    let (status, text) = served.ask(&post("/ingest", EVENT));
    assert!(status == 503 && text.contains("overloaded") && text.contains("retry-after: "), "{text}");
    // A connection beyond the limit takes a place that comes free.
    let mut waiting = served.connect();
    waiting.write(get("/healthz"));
    assert_eq!(waiting.answer().0, 200);
    for client in &mut busy {
        client.write("}");
        assert_eq!(client.answer().0, 200);
    }
    drop(busy);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(served.ask(&post("/ingest", EVENT)).0, 200);
}
