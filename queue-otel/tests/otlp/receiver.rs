//! A real receiver of OTLP: `receiver.py`, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Longer than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Receiver {
    child: Child,
    lines: Lines<String>,
    pub(crate) port: u16,
}

impl Receiver {
    /// One that speaks `grpc` or `http`, over TLS with the certificate and its key in these files.
    pub(crate) fn start(protocol: &str, tls: Option<[&Path; 2]>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/otlp/receiver.py");
        let mut command = Command::new(python());
        command.arg(script).arg(protocol).args(tls.into_iter().flatten()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{:?} does not start: {error}", python()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut receiver = Self { child, lines, port: 0 };
        let first = receiver.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!(
                "the receiver does not start; what it says is above. It takes Python's `oteltap` and `grpcio`, which the \
                 test command ci/test installs under target/oteltap"
            )
        });
        receiver.port = first.parse().unwrap();
        receiver
    }

    /// All that was received when what is received next is what is waited for.
    pub(crate) fn until(&self, found: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut received = Vec::new();
        while !found(&received) {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{error}: something is missing of {received:#?}"));
            received.push(serde_json::from_str(&line).unwrap());
        }
        received
    }

    /// Whether nothing has been received.
    pub(crate) fn is_idle(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// That of the test command, if it has been there, or what the PATH has.
fn python() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/oteltap/bin/python");
    if ours.exists() { ours } else { "python3".into() }
}
