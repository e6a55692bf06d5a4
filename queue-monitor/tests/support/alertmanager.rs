//! The real Alertmanager, for the tests of the monitor and of the examples.

#![allow(clippy::unwrap_used)] // A helper of a test may fail it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use get::get;
use serde_json::Value;
use server::Server;

#[path = "get.rs"]
mod get;
#[path = "server.rs"]
mod server;

/// Longer than a loaded machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A real one, killed when it goes out of scope.
pub(crate) struct Alertmanager {
    _server: Server,
    pub(crate) address: SocketAddr,
}

impl Alertmanager {
    pub(crate) fn start(folder: &Path, address: SocketAddr) -> Self {
        let config = folder.join("alertmanager.yml");
        fs::write(&config, "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n").unwrap();
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        let install = "`apt-get install prometheus-alertmanager` has it (Debian, Ubuntu)";
        let server = Server::start(command, install, &folder.join("alertmanager.log"));
        let started = Self { _server: server, address };
        eventually("Alertmanager answers", || get(address, "/-/ready").is_ok());
        started
    }

    pub(crate) fn alerts(&self) -> Vec<Value> {
        let body = get(self.address, "/api/v2/alerts").unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn until(&self, what: &str, good: impl Fn(&[Value]) -> bool) {
        eventually(what, || good(&self.alerts()));
    }

    pub(crate) fn until_one(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Value::Null;
        eventually(what, || match &mut self.alerts()[..] {
            [one] if good(one) => {
                seen = one.take();
                true
            }
            _ => false,
        });
        seen
    }
}

/// Real processes cannot be told to hurry: it looks again a little later.
pub(crate) fn eventually(what: &str, mut good: impl FnMut() -> bool) {
    let started = Instant::now();
    while !good() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}
