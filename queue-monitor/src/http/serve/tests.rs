use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;

fn pages() -> Router {
    Router::new().route("/page", get(|| async { "hello" })).route("/never", get(std::future::pending::<()>))
}

/// A client and its connection, which is served.
fn guest(router: Router) -> DuplexStream {
    let (client, server) = duplex(64 * 1024);
    tokio::spawn(serve(server, router, Arc::default()));
    client
}

async fn ask(request: &str) -> String {
    let mut client = guest(pages());
    client.write_all(request.as_bytes()).await.unwrap();
    rest(&mut client).await
}

/// What still comes until the server closes.
async fn rest(client: &mut DuplexStream) -> String {
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn only_get_and_head_without_a_body_are_answered() {
    let cases = [
        ("GET /page HTTP/1.1\r\nhost: a\r\n\r\n", "200"),
        ("HEAD /page HTTP/1.1\r\nhost: a\r\n\r\n", "200"),
        ("GET /page HTTP/1.0\r\n\r\n", "200"),
        ("GET /other HTTP/1.1\r\nhost: a\r\n\r\n", "404"),
        ("GET /../page HTTP/1.1\r\nhost: a\r\n\r\n", "404"),
        ("POST /page HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi", "405"),
        ("DELETE /other HTTP/1.1\r\nhost: a\r\n\r\n", "405"),
        ("GET /page HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi", "413"),
        ("GET /page HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "413"),
        ("nonsense\r\n\r\n", "400"),
    ];
    for (request, code) in cases {
        let answer = ask(request).await;
        assert!(answer.split(' ').nth(1) == Some(code), "{request:?} got {answer:?}, not {code}");
    }
}

#[tokio::test]
async fn one_connection_is_one_request() {
    let request = "GET /page HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = ask(&request.repeat(2)).await;
    assert_eq!(answer.matches("hello").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn headers_of_more_than_8_kib_are_refused() {
    let with = |bytes| format!("GET /page HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(bytes));
    assert!(ask(&with(7_000)).await.starts_with("HTTP/1.1 200"));
    assert!(ask(&with(8_192)).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_end_is_waited_for_five_seconds() {
    for begun in ["", "GET /page HTTP/1.1\r\nhost: a\r\n"] {
        let (began, mut client) = (Instant::now(), guest(pages()));
        client.write_all(begun.as_bytes()).await.unwrap();
        rest(&mut client).await;
        assert_eq!(began.elapsed().as_secs(), 5, "on the paused clock, after {begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_drips_is_not_waited_for_longer() {
    let (began, mut client) = (Instant::now(), guest(pages()));
    while client.write_all(b"G").await.is_ok() {
        sleep(Duration::from_secs(1)).await;
        assert!(began.elapsed() < LIFETIME);
    }
    assert!(began.elapsed() <= Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn who_asks_and_does_not_read_is_let_go() {
    let long = Router::new().route("/page", get(|| async { "x".repeat(1 << 20) }));
    let mut client = guest(long);
    client.write_all(b"GET /page HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    sleep(LIFETIME * 2).await;
    assert!(rest(&mut client).await.len() < 1 << 20, "cut off");
}

#[tokio::test(start_paused = true)]
async fn a_full_house_closes_the_oldest_that_has_not_said_what_it_wants() {
    let mut house = House::default();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, server) = duplex(1024);
        house.admit(server, &pages());
        clients.push(client);
    }
    // The very first one is being answered, for ever.
    clients[0].write_all(b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    while !house.guests[0].heard.load(Ordering::Relaxed) {
        yield_now().await;
    }
    let (mut newcomer, server) = duplex(1024);
    house.admit(server, &pages());
    let began = Instant::now();
    assert_eq!(rest(&mut clients[1]).await, "");
    assert_eq!(began.elapsed(), Duration::ZERO, "closed at once, not by its timeout");
    assert_eq!(house.guests.len(), CONNECTIONS);
    newcomer.write_all(b"GET /page HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(rest(&mut newcomer).await.ends_with("hello"));
}

#[tokio::test(start_paused = true)]
async fn a_house_full_of_those_being_answered_lets_nobody_in() {
    let mut house = House::default();
    let mut clients = Vec::new();
    for at in 0..CONNECTIONS {
        let (mut client, server) = duplex(1024);
        house.admit(server, &pages());
        client.write_all(b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        while !house.guests[at].heard.load(Ordering::Relaxed) {
            yield_now().await;
        }
        clients.push(client);
    }
    let (mut newcomer, server) = duplex(1024);
    house.admit(server, &pages());
    assert_eq!(rest(&mut newcomer).await, "");
    assert!(house.guests.iter().all(|guest| !guest.task.is_finished()));
}
