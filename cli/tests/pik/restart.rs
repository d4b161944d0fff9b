//! One process after the other at the same sockets, and no request that fails.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use pik_test_support::{PATIENCE, Signal, wait_until};

use crate::connection::{Connection, post};
use crate::events::{EXAMPLE, event};
use crate::server::Server;
use crate::store::contents;

const CLIENTS: u64 = 8;
const RESTARTS: usize = 4;

/// A client that paused for so long takes a new connection, as pools do: the server closes idle ones when it stops.
const IDLE: Duration = Duration::from_millis(500);

/// Posts events one after the other until `enough`, and reconnects where an answer asks for it. Panics where a request
/// gets no answer, or another than 200.
fn post_events(address: SocketAddr, numbers: &AtomicU64, enough: &AtomicBool) {
    let (mut connection, mut used) = (Connection::open(address), Instant::now());
    while !enough.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if used.elapsed() > IDLE {
            connection = Connection::open(address);
        }
        let answer = connection.ingest(&event(number));
        used = Instant::now();
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"ACCEPTED".into()), "{number}");
        if answer.header("connection") == Some("close") {
            connection = Connection::open(address);
        }
    }
}

/// Waits until a process answers that is not about to be replaced.
fn wait_for_the_next(server: &Server) {
    let answers = || Ok(server.connect().get("/readyz").header("connection").is_none());
    wait_until("the next process does not answer", PATIENCE, answers).unwrap();
}

#[test]
fn a_restart_fails_no_request() {
    let server = Server::start();
    let (numbers, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| post_events(server.address, &numbers, &enough));
        }
        for _ in 0..RESTARTS {
            let mut idle = server.connect();
            assert_eq!(idle.get("/healthz").status, 200);
            let before = numbers.load(Ordering::Relaxed);
            // One that is impatient asks twice.
            server.signal(Signal::USR2);
            server.signal(Signal::USR2);
            assert!(idle.is_closed());
            wait_for_the_next(&server);
            let go_on = || Ok(numbers.load(Ordering::Relaxed) >= before + 10 * CLIENTS);
            if let Err(error) = wait_until("clients get no answers", PATIENCE, go_on) {
                enough.store(true, Ordering::Relaxed);
                panic!("{error}");
            }
        }
        enough.store(true, Ordering::Relaxed);
    });
    let (status, log, data) = server.stop();
    assert!(status.success(), "{status}: {log}");
    let told = log.matches("\"message\":\"restarting\"").count();
    assert!((RESTARTS..=2 * RESTARTS).contains(&told), "two signals may come as one: {log}");
    assert_eq!(contents(data.path()).records.len() as u64, numbers.into_inner());
}

#[test]
fn a_request_on_its_way_is_answered_after_the_signal_and_hears_of_the_end() {
    let server = Server::start_with(|command| command.args(["--header-timeout=60", "--shutdown-timeout=60"]));
    let mut idle = server.connect();
    assert_eq!(idle.ingest(EXAMPLE).header("connection"), None);
    let mut under_way = server.connect();
    let request = post("/ingest", "application/json", "", EXAMPLE);
    let (first, rest) = request.split_at(b"POST /ingest HTTP/1.1\r\n".len());
    under_way.write(first);
    // Its first line was read before an answer on a later connection.
    assert_eq!(server.connect().get("/healthz").status, 200);
    server.signal(Signal::TERM);
    assert!(idle.is_closed());
    under_way.write(rest);
    let answer = under_way.read();
    assert_eq!((&answer.json()["status"], answer.header("connection")), (&"DUPLICATE".into(), Some("close")));
    assert!(under_way.is_closed());
    assert!(server.end().0.success());
}

/// Connections that have sent half of a head, or of a request, and what is left to send.
fn slow_clients(server: &Server, numbers: std::ops::Range<u64>) -> Vec<(Connection, Vec<u8>)> {
    let slow = |number| {
        let mut request = post("/ingest", "application/json", "", &event(number));
        let rest = request.split_off(if number % 2 == 0 { 20 } else { request.len() - 1 });
        let mut connection = server.connect();
        connection.write(request);
        (connection, rest)
    };
    let slow = numbers.map(slow).collect();
    // What they sent was read before an answer on a later connection.
    assert_eq!(server.connect().get("/healthz").status, 200);
    slow
}

#[test]
fn slow_clients_keep_no_new_one_waiting_for_the_restart() {
    let server = Server::start_with(|command| command.args(["--header-timeout=60", "--shutdown-timeout=60"]));
    let mut idle = server.connect();
    assert_eq!(idle.get("/healthz").status, 200);
    let mut slow = slow_clients(&server, 0..50);
    server.signal(Signal::USR2);
    assert!(idle.is_closed());
    // The process that waits for them serves on.
    for number in 50..100 {
        let answer = server.connect().ingest(&event(number));
        assert_eq!((&answer.json()["status"], answer.header("connection")), (&"ACCEPTED".into(), Some("close")));
    }
    // Nobody who is slow meanwhile is worse off.
    slow.extend(slow_clients(&server, 100..110));
    for (connection, rest) in &mut slow {
        connection.write(rest);
        let answer = connection.read();
        assert_eq!((&answer.json()["status"], answer.header("connection")), (&"ACCEPTED".into(), Some("close")));
    }
    wait_for_the_next(&server);
    let (status, log, data) = server.stop();
    assert!(status.success() && !log.contains("requests in flight were not answered"), "{log}");
    assert_eq!(contents(data.path()).records.len(), 110);
}

#[test]
fn a_client_that_never_ends_does_not_keep_the_next_process_away() {
    let server = Server::start_with(|command| command.args(["--shutdown-timeout=0.5"]));
    let mut slow = slow_clients(&server, 0..2);
    server.signal(Signal::USR2);
    assert!(slow.iter_mut().all(|(connection, _)| connection.is_closed()));
    wait_for_the_next(&server);
    let (status, log, _) = server.stop();
    assert!(status.success() && log.contains("requests in flight were not answered"), "{log}");
}

#[test]
fn a_server_that_restarts_can_be_stopped() {
    let server = Server::start_with(|command| command.args(["--header-timeout=60", "--shutdown-timeout=60"]));
    let mut idle = server.connect();
    assert_eq!(idle.get("/healthz").status, 200);
    let mut slow = slow_clients(&server, 0..2);
    server.signal(Signal::USR2);
    assert!(idle.is_closed());
    server.signal(Signal::TERM);
    let is_shut = || Ok(std::net::TcpStream::connect(server.address).is_err());
    wait_until("it still accepts", PATIENCE, is_shut).unwrap();
    // Another restart is asked for in vain.
    server.signal(Signal::USR2);
    for (connection, rest) in &mut slow {
        connection.write(rest);
        assert_eq!(connection.read().json()["status"], "ACCEPTED");
    }
    let (status, log, data) = server.end();
    assert!(status.success() && log.lines().last().unwrap().contains("\"message\":\"stopped\""), "{log}");
    assert_eq!(contents(data.path()).records.len(), 2);
}

#[test]
fn a_program_that_cannot_start_any_more_stops_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("pik");
    std::fs::copy(env!("CARGO_BIN_EXE_pik"), &program).unwrap();
    let mut command = Command::new(&program);
    command.env_clear().args(["serve", "--listen=127.0.0.1:0"]).env("PIK_DATA", folder.path()).stderr(Stdio::piped());
    let server = pik_test_support::Server::start(&mut command).unwrap();
    std::fs::remove_file(&program).unwrap();
    server.signal(Signal::USR2).unwrap();
    // One that hangs keeps no other signal waiting for ever.
    std::fs::write(&program, "#!/bin/sh\nsleep 600\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    server.signal(Signal::USR2).unwrap();
    let mut connection = Connection::open(server.address());
    assert_eq!(connection.ingest(EXAMPLE).json()["status"], "ACCEPTED");
    server.signal(Signal::TERM).unwrap();
    let (status, log) = server.end().unwrap();
    assert!(status.success() && !log.contains("restarting"), "{log}");
}

#[test]
fn settings_that_cannot_be_read_any_more_stop_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, "# none yet\n").unwrap();
    let server = Server::start_with(|command| command.env("PIK_TOKENS_FILE", &file));
    std::fs::write(&file, "nonsense\n").unwrap();
    server.signal(Signal::USR2);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(300) {
        assert_eq!(server.connect().get("/healthz").status, 200);
    }
    let (status, log, _) = server.stop();
    assert!(status.success(), "{log}");
    assert!(log.contains("no restart") && !log.contains("restarting"), "{log}");
}

/// A process as systemd starts it for a socket.
fn activated(listener: &TcpListener, sockets: usize, data: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "LISTEN_PID=$$ exec \"$PIK\" serve"]).env("PIK", env!("CARGO_BIN_EXE_pik"));
    command.env("LISTEN_FDS", sockets.to_string()).env("PIK_DATA", data).stderr(Stdio::piped());
    let passed = (3..).take(sockets);
    let mappings = passed.map(|child_fd| FdMapping { parent_fd: listener.try_clone().unwrap().into(), child_fd });
    command.fd_mappings(mappings.collect()).unwrap();
    command
}

#[test]
fn a_socket_that_is_passed_outlives_its_processes() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    for status in ["ACCEPTED", "DUPLICATE"] {
        // It connects before there is a process.
        let mut early = Connection::open(address);
        early.write(post("/ingest", "application/json", "", EXAMPLE));
        let server = pik_test_support::Server::start(&mut activated(&listener, 1, data.path())).unwrap();
        assert_eq!(server.address(), address);
        assert_eq!(early.read().json()["status"], status);
        server.signal(Signal::TERM).unwrap();
        let (ended, log) = server.end().unwrap();
        assert!(ended.success(), "{log}");
    }
}

#[test]
fn sockets_that_do_not_fit_are_refused_with_their_number() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let output = activated(&listener, 2, data.path()).output().unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("started with 2 sockets to listen at, and takes 1"), "{log}");
}
