//! A real receiver of OTLP: `oteltap`, which prints a line of JSON for each span and each metric that it is sent.

// Clippy knows tests by their functions; these only tests call.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::Server;

#[path = "../../../queue-monitor/tests/support/server.rs"]
mod server;

/// Longer than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Receiver {
    server: Server,
    port: u16,
}

pub(crate) struct Received {
    pub(crate) spans: Vec<Span>,
    /// By name, in the order in which they came.
    pub(crate) metrics: BTreeMap<String, Vec<Metric>>,
}

/// One span, as it was received.
#[derive(Debug)]
pub(crate) struct Span(pub(crate) Value);

/// One metric, as it was received.
#[derive(Debug)]
pub(crate) struct Metric(pub(crate) Value);

impl Receiver {
    pub(crate) fn start(folder: &Path) -> Self {
        // It takes ports of the one address that all have. Where somebody was quicker, it ends at once.
        let mut said = String::new();
        let started = (0..5).find_map(|_| Self::try_start(folder).map_err(|server| said = server.said()).ok());
        started.unwrap_or_else(|| panic!("oteltap finds no free port, or does not start; it says:\n{said}"))
    }

    fn try_start(folder: &Path) -> Result<Self, Server> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(executable());
        // Its output is a file, which it would write to in blocks.
        command.args(["--port", &port.to_string()]).env("PYTHONUNBUFFERED", "1");
        let install = "`pip install oteltap==1.0.0` has it (in a virtual environment whose bin is on the PATH)";
        let mut server = Server::start(command, install, &folder.join("received.ndjson"));
        let began = Instant::now();
        while !server.has_ended() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(Self { server, port });
            }
            assert!(began.elapsed() < PATIENCE, "oteltap does not listen on port {port}");
            thread::sleep(Duration::from_millis(20));
        }
        Err(server)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that was received, once it is `all`: it answers before it prints.
    pub(crate) fn received(&self, all: impl Fn(&Received) -> bool) -> Received {
        let began = Instant::now();
        loop {
            let received = Received::of(&self.server.said());
            if all(&received) {
                return received;
            }
            assert!(began.elapsed() < PATIENCE, "something is missing of {} spans", received.spans.len());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Received {
    /// What is printed up to now; the last line may not be whole yet.
    fn of(printed: &str) -> Self {
        let (mut spans, mut metrics) = (Vec::new(), BTreeMap::<String, Vec<Metric>>::new());
        let values = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for value in values {
            if value["spanId"].is_string() {
                spans.push(Span(value));
            } else if let Some(name) = value["name"].as_str().map(str::to_owned) {
                metrics.entry(name).or_default().push(Metric(value));
            }
        }
        Self { spans, metrics }
    }

    /// The last points of a metric.
    pub(crate) fn last(&self, name: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        self.metrics.get(name).and_then(|all| all.last()).map(Metric::points).unwrap_or_default()
    }
}

/// That of the test command, if it has been there, or what the PATH has.
fn executable() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/oteltap/bin/oteltap");
    if ours.exists() { ours } else { "oteltap".into() }
}

impl Span {
    pub(crate) fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    /// Trace and span.
    pub(crate) fn ids(&self) -> (&str, &str) {
        (self.0["traceId"].as_str().unwrap(), self.0["spanId"].as_str().unwrap())
    }

    /// Trace and span of its parent; none if it is a root.
    pub(crate) fn parent(&self) -> Option<(&str, &str)> {
        let parent = self.0["parentSpanId"].as_str().filter(|id| !id.is_empty())?;
        Some((self.ids().0, parent))
    }

    /// Trace and span of what it is linked with.
    pub(crate) fn links(&self) -> Vec<(&str, &str)> {
        let links = self.0["links"].as_array().into_iter().flatten();
        links.map(|link| (link["traceId"].as_str().unwrap(), link["spanId"].as_str().unwrap())).collect()
    }

    /// An attribute, of whatever type, as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        attributes(&self.0).remove(key)
    }

    /// When it began, and when it ended, in seconds.
    pub(crate) fn times(&self) -> (f64, f64) {
        let at = |key: &str| self.0[key].as_str().unwrap().parse::<f64>().unwrap() / 1e9;
        (at("startTimeUnixNano"), at("endTimeUnixNano"))
    }

    /// The number of its kind: 4 is a producer, 5 a consumer.
    pub(crate) fn kind(&self) -> u64 {
        self.0["kind"].as_u64().unwrap()
    }

    pub(crate) fn is_error(&self) -> bool {
        self.0["status"]["code"] == 2
    }
}

impl Metric {
    /// What it is: `gauge`, `sum` or `histogram`.
    pub(crate) fn kind(&self) -> &'static str {
        ["gauge", "sum", "histogram"].into_iter().find(|kind| self.0[*kind].is_object()).unwrap()
    }

    /// Its points: attributes and value; of a histogram, the count.
    pub(crate) fn points(&self) -> Vec<(BTreeMap<String, String>, f64)> {
        let points = self.0[self.kind()]["dataPoints"].as_array().unwrap().iter();
        let value = |point: &Value| match &point["count"] {
            Value::String(count) => count.parse().unwrap(),
            _ => point["asDouble"].as_f64().unwrap(),
        };
        points.map(|point| (attributes(point), value(point))).collect()
    }
}

fn attributes(of: &Value) -> BTreeMap<String, String> {
    let all = of["attributes"].as_array().into_iter().flatten();
    let text = |value: &Value| {
        let value = value.as_object().unwrap().values().next().unwrap();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    all.map(|it| (it["key"].as_str().unwrap().to_owned(), text(&it["value"]))).collect()
}
