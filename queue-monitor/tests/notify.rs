//! Alerts that leave the process: to a real Alertmanager, which is killed and started again, and to a webhook that is
//! down at first.

#![allow(clippy::unwrap_used)] // A helper of a test may fail it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use queue_core::{Queue, Registry};
use queue_monitor::{Monitor, MonitorHandle};
use serde_json::Value;

/// Longer than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_real_alertmanager_shows_what_fires_through_resends_and_a_restart_until_it_resolves() {
    let folder = tempfile::tempdir().unwrap();
    let alertmanager = Alertmanager::start(folder.path(), free_port());
    let queue = Watched::new(&format!(
        "{{ labels: {{ env: test }}, alertmanager: {{ url: \"http://{}\", resend: 1s }} }}",
        alertmanager.address
    ));
    queue.fill();
    let alert = alertmanager.until_one("it fires", |_| true);
    let labels = serde_json::json!({
        "alertname": "Full", "env": "test", "queue_name": "jobs \"a\"", "severity": "critical",
    });
    assert_eq!(alert["labels"], labels);
    assert_eq!(alert["annotations"]["summary"], "jobs \"a\" holds 9");
    assert_eq!(alert["annotations"]["runbook_url"], "https://example.org/full");
    // A resend is what moves the end, and leaves the beginning.
    let again = alertmanager.until_one("a resend", |next| next["endsAt"] != alert["endsAt"]);
    let third = alertmanager.until_one("a second resend", |next| next["endsAt"] != again["endsAt"]);
    assert_eq!((&third["startsAt"], &third["fingerprint"]), (&alert["startsAt"], &alert["fingerprint"]));

    let at = alertmanager.address;
    drop(alertmanager);
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    queue.until_notified("it cannot be delivered", |failed, _| failed > 0);
    let alertmanager = Alertmanager::start(folder.path(), at);
    let restored = alertmanager.until_one("what still fires is back", |_| true);
    assert_eq!((&restored["labels"], &restored["startsAt"]), (&labels, &alert["startsAt"]));

    queue.empty();
    alertmanager.until("it resolves", <[Value]>::is_empty);
    queue.end();
}

#[test]
fn a_dead_alertmanager_stops_neither_sampling_nor_the_end() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // It takes connections and never answers.
    let silent = listener.local_addr().unwrap();
    let notify =
        format!("{{ alertmanager: {{ url: \"http://{silent}\" }}, webhook: {{ url: \"http://{silent}/\" }} }}");
    let queue = Watched::new(&notify);
    queue.fill();
    let passes = queue.monitor.status().passes;
    eventually("it samples on", || queue.monitor.status().passes > passes + 20);
    let begun = Instant::now();
    queue.end();
    // Not a figure of speed: without a bound this would be the timeout of ten seconds, twice.
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_webhook_that_was_down_gets_each_sample_once_in_order_and_with_its_headers() {
    let server = Webhook::start(2);
    let queue = Watched::new(&format!(
        "{{ webhook: {{ url: \"http://{}/hook?key=1\", timeout: 1s, headers: {{ X-Token: abc }} }} }}",
        server.address
    ));
    queue.fill();
    let (head, fired) = server.next();
    assert!(head.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{head}");
    let lower = head.to_lowercase();
    assert!(lower.contains("x-token: abc") && lower.contains("content-type: application/json"), "{head}");
    let told = |body: &Value| (body["transitions"][0]["to"].clone(), body["transitions"][0]["queue"].clone());
    assert_eq!(told(&fired), ("firing".into(), "jobs \"a\"".into()));
    queue.empty();
    assert_eq!(told(&server.next().1).0, "ok");
    queue.until_notified("what was refused is counted", |failed, sent| (failed, sent) == (2, 2));
    queue.end();
}

#[test]
fn the_end_delivers_what_was_decided_before() {
    let server = Webhook::start(0);
    let queue = Watched::new(&format!("{{ webhook: {{ url: \"http://{}/\" }} }}", server.address));
    queue.fill();
    eventually("it fires", || !queue.monitor.alerts().is_empty());
    queue.end();
    assert_eq!(server.next().1["transitions"][0]["to"], "firing");
}

/// A queue and the monitor that watches it.
struct Watched {
    queue: Queue<u32>,
    monitor: MonitorHandle,
    registry: Registry,
}

impl Watched {
    fn new(notify: &str) -> Self {
        let yaml = format!(
            "interval: 100ms\nnotify: {notify}\nalerts:\n- name: Full\n  signal: depth\n  above: 5\n  severity: critical\n  \
             summary: \"{{queue}} holds {{value}}\"\n  runbook: https://example.org/full\n"
        );
        let registry = Registry::new();
        let queue = Queue::<u32>::builder("jobs \"a\"").capacity(10).registry(&registry).build().unwrap();
        let monitor = Monitor::from_yaml(&yaml).unwrap().registry(&registry).spawn();
        Self { queue, monitor, registry }
    }

    fn fill(&self) {
        (0..9).for_each(|item| self.queue.try_put(item).unwrap());
    }

    fn empty(&self) {
        self.queue.drain();
    }

    /// Waits until the monitor's own numbers say so: requests that failed, and that were taken.
    fn until_notified(&self, what: &str, good: fn(u64, u64) -> bool) {
        eventually(what, || {
            let totals = self.registry.published().monitor.unwrap_or_default();
            good(totals.alertmanager.failed + totals.webhook.failed, totals.alertmanager.sent + totals.webhook.sent)
        });
    }

    fn end(&self) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(self.monitor.shutdown());
    }
}

/// A real one, killed when it goes out of scope.
struct Alertmanager {
    child: Child,
    address: SocketAddr,
}

impl Alertmanager {
    fn start(folder: &Path, address: SocketAddr) -> Self {
        let config = folder.join("alertmanager.yml");
        fs::write(&config, "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n").unwrap();
        let log = File::create(folder.join("alertmanager.log")).unwrap();
        let spawned = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        let child = match spawned {
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "prometheus-alertmanager is not installed: `apt-get install prometheus-alertmanager` has it (Debian, \
                 Ubuntu), and the test command ci/test installs it"
            ),
            spawned => spawned.unwrap(),
        };
        let started = Self { child, address };
        eventually("Alertmanager answers", || get(address, "/-/ready").is_ok());
        started
    }

    fn alerts(&self) -> Vec<Value> {
        let body = get(self.address, "/api/v2/alerts").unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_str(&body).unwrap()
    }

    fn until(&self, what: &str, good: impl Fn(&[Value]) -> bool) {
        eventually(what, || good(&self.alerts()));
    }

    fn until_one(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        self.until(what, |alerts| alerts.len() == 1 && good(&alerts[0]));
        self.alerts().remove(0)
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes what is posted, after it has failed so many times.
struct Webhook {
    address: SocketAddr,
    taken: Receiver<(String, Value)>,
}

impl Webhook {
    fn start(failures: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (take, taken) = channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let Some((head, body)) = read(&mut stream) else { continue };
                let status = if number < failures { "503 Service Unavailable" } else { "200 OK" };
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
                if number >= failures && take.send((head, serde_json::from_slice(&body).unwrap())).is_err() {
                    return;
                }
            }
        });
        Self { address, taken }
    }

    fn next(&self) -> (String, Value) {
        self.taken.recv_timeout(PATIENCE).expect("a request within a minute")
    }
}

/// The head and the body of a request.
fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end + 2]).into_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let length: usize = length.expect("a body has a length");
        if bytes.len() >= end + 4 + length {
            return Some((head, bytes.split_off(end + 4)));
        }
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|port| port.local_addr()).unwrap()
}

/// One request, as HTTP/1.0: the answer ends with the connection.
fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let told = |error: std::io::Error| format!("{address}{path}: {error}");
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(told)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(told)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("not HTTP: {answer}"))?;
    if head.split(' ').nth(1) == Some("200") { Ok(body.to_owned()) } else { Err(answer.clone()) }
}

/// Real processes cannot be told to hurry: it looks again a little later.
fn eventually(what: &str, good: impl Fn() -> bool) {
    let started = Instant::now();
    while !good() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}
