//! Real servers for a test: started on free ports, asked over HTTP, and killed when the test is over.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use get::get;
use serde_json::Value;
use server::Server;

#[path = "../../../queue-monitor/tests/support/get.rs"]
mod get;
#[path = "../../../queue-monitor/tests/support/own_port.rs"]
mod own_port;
#[path = "../../../queue-monitor/tests/support/server.rs"]
mod server;

/// Longer than a loaded machine needs; what is asked for is there within some seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A Prometheus that scrapes `target` every second, and evaluates the rules of a file where there is one.
pub(crate) fn prometheus(folder: &Path, target: SocketAddr, rules: Option<&Path>) -> Running {
    let rules = rules.map_or_else(String::new, |rules| format!("rule_files: [{:?}]\n", rules.display().to_string()));
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n{rules}\
         scrape_configs:\n- job_name: crawl\n  static_configs: [{{ targets: [\"{target}\"] }}]\n"
    );
    let file = folder.join("prometheus.yml");
    fs::write(&file, config).expect("the folder is ours");
    Running::start(folder, "prometheus", "/-/ready", |at, folder| {
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("storage").display()));
        command.arg(format!("--web.listen-address={at}"));
        command
    })
}

/// A server that was started, answers, and is killed when it goes out of scope, also by a failed assertion.
pub(crate) struct Running {
    server: Server,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts a server on a free port and waits until `ready` answers 200.
    pub(crate) fn start(
        folder: &Path,
        name: &str,
        ready: &str,
        command: impl Fn(SocketAddr, &Path) -> Command,
    ) -> Self {
        let address = own_port::find();
        let install = "`apt-get install prometheus` has the server (Debian, Ubuntu)";
        let server = Server::start(command(address, folder), install, &folder.join(format!("{name}.log")));
        let mut running = Self { server, address };
        let started = Instant::now();
        while !running.server.has_ended() {
            if get(running.address, ready).is_ok() {
                return running;
            }
            assert!(started.elapsed() < PATIENCE, "{name} does not answer {ready}:\n{}", running.said());
            pause();
        }
        panic!("{name} ended at once:\n{}", running.said());
    }

    pub(crate) fn said(&self) -> String {
        self.server.said()
    }

    /// What Prometheus' API answers to `/api/v1/WHAT?NAME=VALUE&..`.
    pub(crate) fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let body = get(self.address, &format!("/api/v1/{what}?{}", parameters.join("&")))?;
        let mut answer: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        Ok(answer["data"].take())
    }
}

/// Percent-encoded: every byte that is not plainly safe in a query.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Real processes cannot be told to hurry: look again a little later.
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(100));
}
