//! What tests may rely on when they start programs.

use std::process::{Command, Stdio};
use std::time::Duration;

use pik_test_support::{Program, Server, free_ports, wait_until};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

fn is_running(id: u32) -> bool {
    // A process that was killed and not waited for is a zombie, and still there.
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn a_server_says_where_it_listens() {
    let script = "echo metrics on http://127.0.0.1:2/metrics; echo listening on http://127.0.0.1:1; exec sleep 60";
    let server = Server::start(&mut shell(script)).unwrap();
    assert_eq!(server.address(), "127.0.0.1:1".parse().unwrap());
    assert_eq!(server.metrics(), Some("127.0.0.1:2".parse().unwrap()));
    assert_eq!(server.url(), "http://127.0.0.1:1");
}

#[test]
fn a_server_that_ends_early_says_why() {
    let mut command = shell("echo the disk is full >&2; exit 3");
    let error = format!("{:#}", Server::start(command.stderr(Stdio::piped())).unwrap_err());
    assert!(error.contains("exit status: 3") && error.contains("the disk is full"), "{error}");
    let error = format!("{:#}", Server::start(&mut shell("echo hello; exec sleep 60")).unwrap_err());
    assert!(error.contains("hello"), "{error}");
}

#[test]
fn a_program_ends_when_it_is_dropped() {
    let program = Program::start(&mut shell("exec sleep 60")).unwrap();
    let id = program.id();
    assert!(is_running(id));
    drop(program);
    assert!(!is_running(id));
}

#[test]
fn a_program_that_writes_more_than_a_pipe_holds_is_not_held_up() {
    let mut command = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2");
    let (status, log) = Program::start(command.stderr(Stdio::piped())).unwrap().end().unwrap();
    assert!(status.success());
    assert_eq!(log.len(), 1_000_000);
}

#[test]
fn waiting_ends() {
    let mut asked = 0;
    wait_until("never", Duration::from_secs(60), || {
        asked += 1;
        Ok(asked == 3)
    })
    .unwrap();
    let error = wait_until("the tide did not turn", Duration::ZERO, || Ok(false)).unwrap_err();
    assert_eq!(error.to_string(), "the tide did not turn in 0 s");
}

#[test]
fn free_ports_differ() {
    let mut ports = free_ports::<20>().unwrap();
    ports.sort_unstable();
    assert!(ports.windows(2).all(|pair| pair[0] != pair[1]), "{ports:?}");
}
