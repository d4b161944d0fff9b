//! SIGKILL under load, while starting and while stopping: whatever was answered is there.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pik_core::{Event, EventId, Status};
use pik_test_support::Signal;

use crate::connection::{Connection, post};
use crate::events::event;
use crate::server::Server;
use crate::store::{Contents, contents};

const ROUNDS: u64 = 25;
const CLIENTS: u64 = 6;

/// One answer that a client got.
struct Answered {
    event_id: EventId,
    /// `ACCEPTED` or `DUPLICATE`.
    status: String,
    /// Names this occurrence: no two requests share it.
    request_id: String,
    index: usize,
    raw: Vec<u8>,
}

#[test]
fn every_answer_survives_sigkill() {
    // A failed run is repeated with the seed that it printed.
    let seed =
        std::env::var("PIK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("PIK_TEST_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let numbers = AtomicU64::new(0);
    let mut answered = Vec::new();
    let mut data = tempfile::tempdir().unwrap();
    let (mut accepted, mut duplicate) = (0, 0);
    for round in 0..ROUNDS {
        // Starts that do not come to their end, on what the last kill left.
        for _ in 0..random.usize(..3) {
            Server::kill_while_starting(&data, Duration::from_micros(random.u64(..40_000)));
        }
        let server = Server::start_on(data, |command| command.env("LOG_LEVEL", "warn"));
        let kill_after = Duration::from_micros(random.u64(1_000..150_000));
        let address = server.address;
        let numbers = &numbers;
        let new: Vec<Answered> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| (client, random.fork()))
                .map(|(client, random)| scope.spawn(move || load(address, round, client, random, numbers)))
                .collect();
            std::thread::sleep(kill_after);
            if round % 3 == 2 {
                // It answers what is in flight and closes its store; the kill comes before or behind that.
                server.signal(Signal::TERM);
                std::thread::sleep(Duration::from_micros(random.u64(..20_000)));
            }
            server.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        let (status, log, left) = server.end();
        assert!(!status.success() || round % 3 == 2, "killed: {log}");
        data = left;
        accepted += new.iter().filter(|answer| answer.status == "ACCEPTED").count();
        duplicate += new.iter().filter(|answer| answer.status == "DUPLICATE").count();
        answered.extend(new);
        // Every other round starts on what the one before it left, before anything else has opened it.
        if round % 2 == 0 || round == ROUNDS - 1 {
            check(&answered, &contents(data.path()), seed);
        }
    }
    println!("{ROUNDS} kills, {accepted} answered ACCEPTED, {duplicate} answered DUPLICATE, all there");
    assert!(accepted > 500 && duplicate > 100, "{accepted} and {duplicate}: hardly a load");
}

/// Sends until the connection breaks; what was answered.
fn load(address: SocketAddr, round: u64, client: u64, mut random: fastrand::Rng, numbers: &AtomicU64) -> Vec<Answered> {
    let mut connection = Connection::open(address);
    let mut answered = Vec::new();
    for request in 0.. {
        let request_id = format!("r{round}-c{client}-{request}");
        // Mostly new events, some that a client sent before; one at a time, or several at once with one of them twice.
        let count = if random.u8(..4) == 0 { random.usize(2..40) } else { 1 };
        let mut events: Vec<Vec<u8>> = (0..count)
            .map(|_| match numbers.load(Ordering::Relaxed) {
                sent if sent > 0 && random.u8(..4) == 0 => event(random.u64(..sent)),
                _ => event(numbers.fetch_add(1, Ordering::Relaxed)),
            })
            .collect();
        if count > 2 {
            events.push(events[0].clone());
        }
        let header = format!("x-request-id: {request_id}\r\n");
        let bytes = match events.as_slice() {
            [event] => post("/ingest", "application/json", &header, event),
            events => post("/ingest/batch", "application/x-ndjson", &header, &events.join(&b'\n')),
        };
        let Some(response) = connection.try_send(&bytes) else { break };
        // A server that stops may say so; then it has stored nothing of this, or says what.
        if response.status == 503 && round % 3 == 2 {
            break;
        }
        assert_eq!(response.status, 200, "{response:?}");
        let answer = response.json();
        let results = answer["results"].as_array().cloned().unwrap_or_else(|| vec![answer]);
        assert_eq!(results.len(), events.len());
        for (index, (result, raw)) in results.iter().zip(events).enumerate() {
            answered.push(Answered {
                event_id: result["event_id"].as_str().unwrap().parse().unwrap(),
                status: result["status"].as_str().unwrap().to_owned(),
                request_id: request_id.clone(),
                index,
                raw,
            });
        }
    }
    answered
}

fn check(answered: &[Answered], found: &Contents, seed: u64) {
    let mut accepted: HashMap<EventId, &str> = HashMap::new();
    let mut occurrences = HashSet::new();
    for record in &found.records {
        let receipt = record.receipt.as_str();
        let index: usize = receipt.rsplit('.').next().unwrap().parse().unwrap();
        let occurrence = (record.receipt.request_id().to_owned(), index, record.status);
        assert!(occurrences.insert(occurrence), "{receipt} has two records, seed {seed}");
        match record.status {
            Status::Accepted => {
                let earlier = accepted.insert(record.event_id, receipt);
                assert_eq!(earlier, None, "{} was accepted twice, seed {seed}", record.event_id);
            }
            Status::Duplicate => {}
            Status::Pending => panic!("{} is pending, seed {seed}", record.event_id),
        }
    }
    let mut answered_accepted = HashSet::new();
    for answer in answered {
        let Answered { event_id, request_id, index, raw, .. } = answer;
        assert_eq!(event_id, Event::parse(raw).unwrap().id());
        assert!(found.raw.get(event_id) == Some(raw), "{event_id} is not as it was sent, seed {seed}");
        assert!(accepted.contains_key(event_id), "{event_id} was answered and has no record, seed {seed}");
        let status = match answer.status.as_str() {
            "ACCEPTED" => {
                assert!(answered_accepted.insert(event_id), "{event_id} was answered ACCEPTED twice, seed {seed}");
                Status::Accepted
            }
            "DUPLICATE" => Status::Duplicate,
            other => panic!("{other}"),
        };
        let occurrence = (request_id.clone(), *index, status);
        assert!(occurrences.contains(&occurrence), "{occurrence:?} was answered and has no record, seed {seed}");
    }
}
