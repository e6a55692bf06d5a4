//! A port that stays free until a server takes it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A free port on an address of loopback that no other process takes ports on.
///
/// Between finding a port and a server taking it, another test may get it, for a listener or for the near end of a
/// connection. On Linux every address that begins with 127 is this machine's: one for each process.
pub(crate) fn find() -> SocketAddr {
    let address = if cfg!(target_os = "linux") {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Ipv4Addr::new(127, 64 + high % 128, middle, low)
    } else {
        Ipv4Addr::LOCALHOST
    };
    TcpListener::bind((address, 0)).and_then(|port| port.local_addr()).expect("a free port on loopback")
}
