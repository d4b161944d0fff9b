//! Ports for programs that cannot choose one themselves.

use std::net::TcpListener;

use anyhow::Result;

/// Free ports, all different. Another process may take one before it is used, so prefer port 0 where a program can
/// say which port it got.
pub fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until all are found: none is found twice.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}
