//! A server with a certificate of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use pik_test_support::{PATIENCE, wait_until};
use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::events::EXAMPLE;
use crate::server::{Server, pik};
use crate::store::contents;

/// Writes a certificate for localhost and its key, and returns the certificate.
fn renew(folder: &Path) -> String {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // The certificate last: the server looks at both, and may see them between.
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.pem()
}

fn start(folder: &Path) -> Server {
    Server::start_with(|command| {
        command.arg("--tls-cert").arg(folder.join("cert.pem")).arg("--tls-key").arg(folder.join("key.pem"))
    })
}

/// `pik health` by the name in the certificate; it trusts what is in a file.
fn health(server: &Server, trusted: &Path) -> Command {
    let mut command = pik(["health", "--url"]);
    command.arg(format!("https://localhost:{}", server.address.port())).env("SSL_CERT_FILE", trusted);
    command
}

#[test]
fn serves_and_takes_a_new_certificate_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.pem"), folder.path().join("second.pem"));
    fs::write(&first, renew(folder.path())).unwrap();
    let server = start(folder.path());
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    let mut send = pik(["send", "--url"]);
    send.arg(format!("https://localhost:{}", server.address.port())).env("SSL_CERT_FILE", &first);
    let event = folder.path().join("event.json");
    fs::write(&event, EXAMPLE).unwrap();
    let output = send.arg(&event).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // A mistake in the files changes nothing.
    fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert!(health(&server, &first).status().unwrap().success());

    fs::write(&second, renew(folder.path())).unwrap();
    let is_new = || Ok(health(&server, &second).output()?.status.success());
    wait_until("the new certificate is shown", PATIENCE, is_new).unwrap();
    assert!(!health(&server, &first).output().unwrap().status.success(), "the old one is not");

    // A client that speaks no TLS keeps nobody waiting.
    let mut plain = server.connect();
    plain.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(plain.try_read().is_none());
    let mut silent = server.connect();
    silent.write([22]);
    assert!(health(&server, &second).status().unwrap().success());
    let (status, log, data) = server.stop();
    assert!(status.success() && silent.is_closed(), "{log}");
    assert!(!log.contains("requests in flight were not answered"), "a handshake that does not go on is left: {log}");
    assert!(log.contains("the certificate stays as it was") && log.contains("the certificate was read again"), "{log}");
    assert_eq!(contents(data.path()).records.len(), 1);
}

#[test]
fn files_that_do_not_fit_end_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = pik(["serve", "--listen=127.0.0.1:0", "--tls-cert"]);
        command.arg(folder.path().join("cert.pem")).arg("--tls-key").arg(folder.path().join("key.pem"));
        let output = command.arg("--data").arg(folder.path().join("data")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start().contains("cannot read the certificates in"));
    renew(folder.path());
    let key = fs::read(folder.path().join("key.pem")).unwrap();
    renew(folder.path());
    fs::write(folder.path().join("key.pem"), key).unwrap();
    assert!(start().contains("does not go with the certificates"), "{}", start());
    fs::write(folder.path().join("cert.pem"), "").unwrap();
    assert!(start().contains("has no certificate"));
}
