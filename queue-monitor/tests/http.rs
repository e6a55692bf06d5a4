//! Promise 7 of the endpoint, on the real listener: it answers whoever asks properly, whatever others do to it.

// The helpers here belong to tests, too.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use queue_core::Registry;
use queue_monitor::config::Http;
use queue_monitor::{Config, Monitor, MonitorHandle};

#[path = "support/own_port.rs"]
mod own_port;

fn monitor(listen: SocketAddr) -> Monitor {
    Monitor::new(Config { http: Some(Http { listen }), ..Config::default() }).registry(&Registry::new())
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn ask(handle: &MonitorHandle, request: &str) -> String {
    let mut stream = TcpStream::connect(handle.listening().unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(handle: &MonitorHandle, path: &str) -> String {
    ask(handle, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
}

#[test]
fn a_scrape_is_the_registry_as_text() {
    let handle = monitor(any_port()).spawn();
    let answer = get(&handle, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("queue_build_info"), "{answer}");
    let head = ask(&handle, "HEAD /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn health_says_when_the_last_pass_was() {
    let handle = monitor(any_port()).spawn();
    let answer = get(&handle, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""status":"ok""#), "{answer}");
}

#[test]
fn what_is_not_there_is_404_and_what_would_write_is_405() {
    let handle = monitor(any_port()).spawn();
    assert!(get(&handle, "/etc/passwd").starts_with("HTTP/1.1 404 "));
    let posted = ask(&handle, "POST /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
    assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("allow: GET, HEAD"), "{posted}");
}

#[test]
fn a_scrape_is_answered_while_five_hundred_connections_are_half_open() {
    let handle = monitor(any_port()).spawn();
    let half_open = (0..500).map(|_| {
        let mut stream = TcpStream::connect(handle.listening().unwrap()).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: ").unwrap();
        stream
    });
    let half_open: Vec<_> = half_open.collect();
    for _ in 0..10 {
        assert!(get(&handle, "/metrics").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    drop(half_open);
}

#[tokio::test]
async fn a_service_whose_runtime_is_stalled_can_still_be_looked_at() {
    let handle = monitor(any_port()).spawn();
    // These calls block the only thread that the runtime has.
    assert!(get(&handle, "/metrics").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(get(&handle, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn shutdown_closes_the_endpoint_and_gives_the_port_back() {
    let address = own_port::find();
    let handle = monitor(address).spawn();
    handle.shutdown().await;
    assert_eq!(handle.listening(), None);
    assert!(TcpStream::connect(address).is_err());
    let again = monitor(address).try_spawn().unwrap();
    assert_eq!(again.listening(), Some(address));
}

#[test]
fn what_the_program_says_goes_before_the_file_also_after_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queues.yaml");
    let (of_file, of_program) = (own_port::find(), any_port());
    std::fs::write(&file, format!("http: {{ listen: '{of_file}' }}")).unwrap();
    let monitor = || Monitor::from_yaml_file(&file).unwrap().registry(&Registry::new());
    let elsewhere = monitor().http(Some(Http { listen: of_program })).spawn();
    let open = elsewhere.listening().unwrap();
    assert_ne!(open, of_file);
    elsewhere.reload().unwrap();
    assert!(get(&elsewhere, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!((elsewhere.listening(), monitor().http(None).spawn().listening()), (Some(open), None));
    assert_eq!(monitor().spawn().listening(), Some(of_file), "it was free all the time");
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let holder = monitor(any_port()).spawn();
    let taken = holder.listening().unwrap();
    let error = monitor(taken).try_spawn().unwrap_err().to_string();
    for part in ["http.listen", &taken.to_string(), "in use", "choose another"] {
        assert!(error.contains(part), "no {part:?} in {error:?}");
    }
}

#[test]
#[should_panic(expected = "the monitor does not start: http.listen: cannot listen on")]
fn spawn_panics_with_the_words_of_try_spawn() {
    let holder = monitor(any_port()).spawn();
    monitor(holder.listening().unwrap()).spawn();
}

#[tokio::test(flavor = "current_thread")]
async fn the_same_pages_can_be_mounted_into_a_service() {
    use hyper_util::rt::TokioIo;
    let handle = Monitor::new(Config::default()).registry(&Registry::new()).spawn();
    let router = axum::Router::new().nest("/queues", queue_monitor::http::router(&handle));
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let service = hyper_util::service::TowerToHyperService::new(router);
    let connection =
        hyper::server::conn::http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(server), service);
    tokio::spawn(connection);
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    client.write_all(b"GET /queues/metrics HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("queue_build_info"), "{answer}");
}
