use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use queue_core::AlertPhase::{Firing, Ok as Fine};

use super::super::backlog::{Backlog, MOST};
use super::super::tests::change;
use super::*;
use crate::config::{Headers, Url};

/// A server that answers one request after the other with these, and then no more; and what it was asked.
fn server(answers: &'static [&'static str]) -> (Target, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = Url::new(&format!("http://{}/hook", listener.local_addr().unwrap())).unwrap();
    let (take, taken) = channel();
    thread::spawn(move || {
        for (status, stream) in answers.iter().zip(listener.incoming()) {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(bytes) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = bytes.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            // Known before it is answered: whoever has the answer can ask for it at once.
            take.send(String::from_utf8(body).unwrap()).unwrap();
            write!(
                stream.get_mut(),
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 9\r\n\r\nthe\u{7}words"
            )
            .unwrap();
        }
    });
    (Target { url, timeout: Duration::from_secs(30), headers: Headers::default() }, taken)
}

fn told(courier: &Courier<Backlog>, queue: &str) {
    courier.with(|backlog, _| backlog.push(SystemTime::UNIX_EPOCH, &[], &[change(queue, Fine, Firing, "warning")]));
}

fn until(courier: &Courier<Backlog>, good: impl Fn(Notified) -> bool) {
    while !good(courier.counts()) {
        thread::yield_now();
    }
}

#[test]
fn the_end_tries_once_more_what_a_server_refused_to_take_before() {
    for asked_to_stop in [false, true] {
        let (target, taken) = server(&["503 Service Unavailable", "200 OK"]);
        let mut courier = Courier::<Backlog>::default();
        assert!(courier.deliver_to(Some(&target)).unwrap());
        told(&courier, "a");
        // From now on it waits for a second, and the end does not.
        until(&courier, |counts| counts.failed == 1);
        assert_eq!(courier.counts().waiting, 1);
        if asked_to_stop {
            courier.stop();
        }
        drop(courier);
        assert_eq!(taken.try_iter().count(), 2, "the end has waited for it");
    }
}

#[test]
fn what_a_server_says_decides_whether_it_is_asked_again() {
    for (status, again) in [
        ("400 Bad Request", false),
        ("404 Not Found", false),
        ("408 Request Timeout", true),
        ("429 Too Many Requests", true),
        ("500 Oh", true),
    ] {
        let answers: &'static [&'static str] = Vec::leak(vec![status, "200 OK"]);
        let (target, _taken) = server(answers);
        let answer = Client::new(&target, "").post(b"{}".to_vec(), None);
        let (Answer::Failed(why) | Answer::Refused(why)) = &answer else { panic!("{answer:?}") };
        assert_eq!(matches!(answer, Answer::Failed(_)), again, "{answer:?}");
        assert!(why.starts_with(&status[..3]) && why.ends_with(": thewords"), "no control character in {why:?}");
    }
}

#[test]
fn what_was_refused_or_had_no_room_is_counted_as_dropped() {
    let (target, _taken) = server(&["400 Bad Request", "200 OK"]);
    let mut courier = Courier::<Backlog>::default();
    let sample = vec![change("a", Fine, Firing, "warning"); MOST];
    for dropped in [0, MOST as u64, 2 * MOST as u64] {
        courier.with(|backlog, _| backlog.push(SystemTime::UNIX_EPOCH, &[], &sample));
        let counts = courier.counts();
        assert_eq!((counts.dropped, counts.waiting), (dropped, 0), "nothing waits for nobody");
    }
    courier.deliver_to(Some(&target)).unwrap();
    until(&courier, |counts| counts.failed == 1);
    told(&courier, "b");
    until(&courier, |counts| counts.sent == 1);
    let Notified { failed, dropped, waiting, .. } = courier.counts();
    assert_eq!((failed, waiting), (1, 0));
    assert_eq!(dropped, 3 * MOST as u64, "what was refused is not sent again");
}

#[test]
fn a_server_that_is_not_there_is_not_taken_for_one_that_speaks_something_else() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let url = Url::new(&format!("http://{port}/")).unwrap();
    let target = Target { url, timeout: Duration::from_secs(30), headers: Headers::default() };
    let answer = Client::new(&target, "").post(b"{}".to_vec(), None);
    assert!(matches!(&answer, Answer::Failed(why) if !why.contains(';')), "{answer:?}");
}

#[test]
fn an_end_is_told_to_an_alertmanager_that_is_there() {
    let (target, taken) = server(&["200 OK", "200 OK"]);
    let config = crate::config::Config::from_yaml(&format!(
        "notify: {{ log: false, alertmanager: {{ url: '{}' }} }}",
        target.url.as_str()
    ))
    .unwrap();
    let mut notifiers = super::super::Notifiers::default();
    notifiers.configure(&config.notify, SystemTime::UNIX_EPOCH).unwrap();
    for (from, to) in [(Fine, Firing), (Firing, Fine)] {
        notifiers.tell(
            &config,
            &queue_core::registry::Published::default(),
            SystemTime::UNIX_EPOCH,
            &[change("a", from, to, "warning")],
        );
        let body = taken.recv_timeout(Duration::from_secs(60)).expect("it is told within a minute");
        assert_eq!(body.contains("\"endsAt\":\"1970-01-01T00:00:00.000Z\""), to == Fine, "{body}");
    }
}
