//! Alerts that leave the process: to a real Alertmanager, which is killed and started again, and to a webhook that is
//! down at first.

#![allow(clippy::unwrap_used)] // A helper of a test may fail it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use queue_core::{Queue, Registry};
use queue_monitor::{Monitor, MonitorHandle};
use serde_json::Value;

#[path = "support/alertmanager.rs"]
mod alertmanager;
#[path = "support/own_port.rs"]
mod own_port;

use alertmanager::{Alertmanager, PATIENCE, eventually};

#[test]
fn a_real_alertmanager_shows_what_fires_through_resends_and_a_restart_until_it_resolves() {
    let folder = tempfile::tempdir().unwrap();
    let alertmanager = Alertmanager::start(folder.path(), own_port::find());
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
    let notify = format!(
        "{{ alertmanager: {{ url: \"http://{silent}\", timeout: 1m }}, webhook: {{ url: \"http://{silent}/\", timeout: 1m }} }}"
    );
    let queue = Watched::new(&notify);
    queue.fill();
    let passes = queue.monitor.status().passes;
    eventually("it samples on", || queue.monitor.status().passes > passes + 20);
    let begun = Instant::now();
    queue.end();
    // Not a figure of speed: without a bound this would be the timeout of a minute.
    assert!(begun.elapsed() < PATIENCE / 2);
}

#[test]
fn a_webhook_that_was_down_gets_each_sample_once_in_order_and_with_its_headers() {
    let server = Webhook::start(2);
    let queue = Watched::new(&format!(
        "{{ webhook: {{ url: \"http://{}/hook?key=1\", timeout: 1m, headers: {{ X-Token: abc }} }} }}",
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
fn what_a_server_says_after_the_file_has_named_another_is_not_the_others_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queues.yaml");
    let slow = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    fs::write(
        &file,
        yaml(&format!("{{ webhook: {{ url: \"http://{}/\", timeout: 1m }} }}", slow.local_addr().unwrap())),
    )
    .unwrap();
    let queue = Watched::of(Monitor::from_yaml_file(&file).unwrap());
    queue.fill();
    let mut asked = slow.accept().unwrap().0;
    read(&mut asked).unwrap();
    // The next one has no answer yet when the first one says that it has taken what both are asked to take.
    let server = Webhook::start(1);
    fs::write(&file, yaml(&format!("{{ webhook: {{ url: \"http://{}/\" }} }}", server.address))).unwrap();
    queue.monitor.reload().unwrap();
    queue.until_notified("the next one fails", |failed, _| failed > 0);
    asked.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(server.next().1["transitions"][0]["to"], "firing");
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

fn yaml(notify: &str) -> String {
    format!(
        "interval: 100ms\nnotify: {notify}\nalerts:\n- name: Full\n  signal: depth\n  above: 8\n  severity: critical\n  \
             summary: \"{{queue}} holds {{value}}\"\n  runbook: https://example.org/full\n"
    )
}

/// A queue and the monitor that watches it.
struct Watched {
    queue: Queue<u32>,
    monitor: MonitorHandle,
    registry: Registry,
}

impl Watched {
    fn new(notify: &str) -> Self {
        Self::of(Monitor::from_yaml(&yaml(notify)).unwrap())
    }

    fn of(monitor: Monitor) -> Self {
        let registry = Registry::new();
        let queue = Queue::<u32>::builder("jobs \"a\"").capacity(10).registry(&registry).build().unwrap();
        let monitor = monitor.registry(&registry).spawn();
        Self { queue, monitor, registry }
    }

    /// Only the last of them is too many: a pass that comes in between sees nothing.
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
