//! Runs the real program on real input, and breaks what can break around it.

#[path = "../../queue-monitor/tests/support/alertmanager.rs"]
mod alertmanager;
#[path = "../../queue-monitor/tests/support/own_port.rs"]
mod own_port;
mod support;

use std::fs;
use std::net::{SocketAddr, TcpListener};

use alertmanager::Alertmanager;
use serde_json::json;
use support::{ClosedPort, Workplace};

#[test]
fn a_directory_is_crawled_and_every_count_adds_up() {
    let place = Workplace::new();
    place.write_pages(30);
    place.write("pages/latin1.html", b"<p>caf\xe9");
    let outcome = place.crawl(&["pages", "--search", "needle"]);
    outcome.assert_good();
    assert_eq!(outcome.counts(), (31, 30, 1));
    assert_eq!((place.rows("pages"), place.rows("failures")), (30, 1));
    assert!(outcome.stdout.contains("parse     latin1.html: not UTF-8"), "{outcome}");
    assert!(outcome.stdout.contains("1 page has \"needle\""), "{outcome}");
    assert!(outcome.stdout.contains("Page 17\n     17.md\n"), "{outcome}");
    assert_eq!(place.entries(), ["crawl.sqlite", "pages"]);
}

#[test]
fn without_input_the_documents_of_all_dependencies_are_crawled() {
    let place = Workplace::new();
    let outcome = place.crawl(&[]);
    outcome.assert_good();
    let (found, stored, failed) = outcome.counts();
    assert!(found >= 100, "{outcome}");
    assert_eq!(found, stored + failed);
    assert_eq!(place.rows("pages"), stored);
}

#[test]
fn urls_that_fail_are_reported_and_the_others_stored() {
    let place = Workplace::new();
    let (site, closed) = (support::serve_one_page(), ClosedPort::new());
    place.write("urls.txt", format!("# two\nhttp://{site}/page\nhttp://{closed}/\n").as_bytes());
    let outcome = place.crawl(&["urls.txt", "--search", "hello"]);
    outcome.assert_good();
    assert_eq!(outcome.counts(), (2, 1, 1));
    assert!(outcome.stdout.contains(&format!("download  http://{closed}/: ")), "{outcome}");
    assert!(outcome.stdout.contains(&format!("http://{site}/page\n")), "{outcome}");
}

#[test]
fn a_crawl_that_stores_nothing_fails_and_leaves_what_was_there() {
    let place = Workplace::new();
    place.write_pages(3);
    place.crawl(&["pages"]).assert_good();
    let closed = ClosedPort::new();
    place.write("urls.txt", format!("http://{closed}/\n").as_bytes());
    place.crawl(&["urls.txt"]).assert_bad(&["no document could be stored", "refused"]);
    assert_eq!(place.rows("pages"), 3);
}

#[test]
fn bad_input_is_told_with_what_was_expected_and_leaves_nothing() {
    let check = |arguments: &[&str], parts: &[&str]| {
        let place = Workplace::new();
        fs::create_dir(place.path("empty")).unwrap();
        place.write("bad.txt", b"http://a/\nwhat is this\n");
        place.crawl(arguments).assert_bad(parts);
        assert_eq!(place.entries(), ["bad.txt", "empty"], "{arguments:?}");
    };
    check(&["missing.txt"], &["missing.txt", "one URL a line"]);
    check(&["bad.txt"], &["bad.txt:2:", "`what is this`"]);
    check(&["empty"], &["empty has no Markdown or HTML file"]);
    check(&["bad.txt", "--config", "missing.yaml"], &["missing.yaml"]);
    check(&["--search-only", "--search", "a"], &["no database at crawl.sqlite", "crawl first"]);
}

#[test]
fn a_configuration_that_is_none_is_told_with_its_place() {
    let place = Workplace::new();
    place.write_pages(3);
    place.write("queues.yaml", b"alerts:\n  - name: Full\n    signal: utilisation\n    above: 80%\n");
    place.crawl(&["pages", "--config", "queues.yaml"]).assert_bad(&["queues.yaml:3:13:", "did you mean `utilization`"]);
    assert_eq!(place.entries(), ["pages", "queues.yaml"]);
}

#[test]
fn a_port_in_use_is_told_with_what_helps() {
    let place = Workplace::new();
    place.write_pages(3);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.run(&["pages", "--listen", &address]).assert_bad(&[&address, "in use", "--listen 127.0.0.1:0"]);
    place.write("queues.yaml", format!("http: {{ listen: \"{address}\" }}\n").as_bytes());
    place.run(&["pages", "--config", "queues.yaml"]).assert_bad(&[&address, "in use", "--listen 127.0.0.1:0"]);
    assert_eq!(place.entries(), ["pages", "queues.yaml"]);
}

#[test]
fn a_slow_store_fills_the_queues_upstream_and_the_alert_fires_and_resolves() {
    let place = Workplace::new();
    place.write_pages(800);
    let mut child = place.start_watched(&["pages", "--slow-store", "20ms"]);
    let address = child.address();
    child.until_logged("alert firing");
    let page = support::scrape(&address);
    for queue in ["crawl.download", "crawl.parse", "crawl.store"] {
        assert!(page.contains(&format!("queue_waiters{{queue_name=\"{queue}\",side=\"put\"}}")), "{page}");
    }
    let outcome = child.outcome();
    outcome.assert_good();
    // A machine that is busy may keep the stages before it from filling it for a while: then it fires again.
    let of_store = |line: &&str| line.contains("HighUtilization") && line.contains("queue=\"crawl.store\"");
    let told: Vec<_> = outcome.stderr.lines().filter(of_store).collect();
    let times = |what: &str| told.iter().filter(|line| line.contains(what)).count();
    assert_eq!(times("from=\"pending\" to=\"firing\""), times("to=\"ok\""), "{outcome}");
    assert!(told.first().is_some_and(|line| line.contains("alert firing")), "{outcome}");
    assert!(told.last().is_some_and(|line| line.contains("alert resolved")), "{outcome}");
}

/// The shipped file, with an Alertmanager, and for one queue.
fn told_to(alertmanager: SocketAddr) -> String {
    let shipped = include_str!("../src/bin/crawl/queues.yaml");
    let (before, alert) = shipped.split_once("queues: [\"crawl.*\"]").expect("it is in the shipped file");
    let target =
        format!("  labels: {{ env: demo }}\n  alertmanager: {{ url: \"http://{alertmanager}\", resend: 1s }}\n");
    let (notify, after) = alert.split_once("notify:\n").expect("it is in the shipped file");
    format!("{before}queues: [\"crawl.store\"]{notify}notify:\n{target}{after}")
}

#[cfg(unix)]
#[test]
fn an_alertmanager_shows_the_alert_through_resends_and_a_restart_until_the_crawl_is_over() {
    let (place, folder) = (Workplace::new(), tempfile::tempdir().unwrap());
    let alertmanager = Alertmanager::start(folder.path(), own_port::find());
    place.write("queues.yaml", told_to(alertmanager.address).as_bytes());
    place.write_pages(2_000);
    let mut child = place.start(&["pages", "--config", "queues.yaml", "--forever", "--slow-store", "50ms"]);
    let alert = alertmanager.until_one("it fires", |_| true);
    let labels =
        json!({ "alertname": "HighUtilization", "env": "demo", "queue_name": "crawl.store", "severity": "warning" });
    assert_eq!(alert["labels"], labels);
    let summary = alert["annotations"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("crawl.store is ") && summary.ends_with("full (20/20)"), "{summary}");
    let again = alertmanager.until_one("a resend", |next| next["endsAt"] != alert["endsAt"]);
    let third = alertmanager.until_one("a second resend", |next| next["endsAt"] != again["endsAt"]);
    assert_eq!((&third["startsAt"], &third["fingerprint"]), (&alert["startsAt"], &alert["fingerprint"]));

    let at = alertmanager.address;
    drop(alertmanager);
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    child.until_logged("alerts cannot be delivered");
    let alertmanager = Alertmanager::start(folder.path(), at);
    let restored = alertmanager.until_one("what still fires is back", |_| true);
    assert_eq!((&restored["labels"], &restored["startsAt"]), (&labels, &alert["startsAt"]));
    child.until_logged("alerts are delivered again");

    child.interrupt();
    alertmanager.until("it resolves", <[_]>::is_empty);
    let outcome = child.outcome();
    outcome.assert_good();
    assert!(outcome.stderr.contains("alert resolved"), "{outcome}");
}

#[cfg(unix)]
#[test]
fn a_file_that_changes_is_taken_whole_or_not_at_all_while_the_crawl_goes_on() {
    let place = Workplace::new();
    place.write_pages(10);
    let replace = |text: &str| {
        place.write("new", text.as_bytes());
        fs::rename(place.path("new"), place.path("queues.yaml")).unwrap();
    };
    replace("interval: 1h");
    let mut child = place.start(&["pages", "--config", "queues.yaml", "--forever"]);
    child.until_logged("a round is done");
    replace("interval: 100ms\nalerts:\n  - name: Any\n    signal: dept\n    above: 0\n");
    child.until_logged("configuration rejected: the running one stays");
    child.until_logged("did you mean `depth`?");
    replace("interval: 100ms\nalerts:\n  - name: Any\n    signal: put_rate\n    above: 0\n");
    child.until_logged("configuration reloaded");
    child.until_logged("alert firing alert=\"Any\"");
    child.forget_log();
    child.hang_up();
    child.until_logged("configuration reloaded");
    child.interrupt();
    child.outcome().assert_good();
}

#[test]
fn wrong_usage_exits_with_2() {
    let outcome = Workplace::new().crawl(&["--no-such-option"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert!(outcome.stderr.contains("--help"), "{outcome}");
}

#[test]
fn a_database_that_no_crawl_wrote_is_left_alone() {
    let place = Workplace::new();
    place.write_pages(3);
    place.write("crawl.sqlite", b"a list of things that somebody wants to keep for ever");
    place.crawl(&["pages"]).assert_bad(&["crawl.sqlite was not written by crawl", "--database"]);
    assert!(fs::read(place.path("crawl.sqlite")).unwrap().starts_with(b"a list of things"));
}

#[test]
fn a_database_that_is_there_can_be_searched_again_and_replaced() {
    let place = Workplace::new();
    place.write_pages(20);
    place.crawl(&["pages", "--database", "a.sqlite"]).assert_good();
    let outcome = place.run(&["--search-only", "--search", "needle", "--database", "a.sqlite"]);
    outcome.assert_good();
    assert!(outcome.stdout.starts_with("1 page has \"needle\""), "{outcome}");
    place.crawl(&["pages", "--limit", "4", "--database", "a.sqlite"]).assert_good();
    assert_eq!(support::rows(&place.path("a.sqlite"), "pages"), 4);
}

/// The limit on file sizes makes writing fail for real, without a disk to fill.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let place = Workplace::new();
    place.write_pages(3);
    place.crawl(&["pages"]).assert_good();
    place.write_pages(200);
    let outcome = place.crawl_with_files_limited_to_blocks(256, &["pages"]);
    outcome.assert_bad(&[
        "cannot write the database crawl.sqlite",
        "disk",
        "--database",
        "nothing of this crawl was kept",
    ]);
    assert_eq!(place.entries(), ["crawl.sqlite", "pages"]);
    assert_eq!(place.rows("pages"), 3);
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_under_way_and_reports() {
    let place = Workplace::new();
    // So many that it is not done before the signal is there, however busy the machine is.
    place.write_pages(2_000);
    let mut child = place.start_watched(&["pages", "--slow-store", "20ms"]);
    child.until_storing();
    child.interrupt();
    let outcome = child.outcome();
    outcome.assert_good();
    let (found, stored, failed) = outcome.counts();
    let not_started = outcome.number_before(" not started");
    assert!(stored > 0 && not_started > 0, "{outcome}");
    assert_eq!((found, failed), (2_000, 0));
    assert_eq!(found, stored + not_started);
    assert_eq!(place.rows("pages"), stored);
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_drops_everything_and_leaves_nothing() {
    let place = Workplace::new();
    place.write_pages(100);
    let mut child = place.start_watched(&["pages", "--slow-store", "1h"]);
    child.until_storing();
    child.interrupt();
    child.until_logged("finishing those under way");
    child.interrupt();
    let outcome = child.outcome();
    assert_eq!(outcome.code, Some(130), "{outcome}");
    assert_eq!(place.entries(), ["pages"]);
}

#[cfg(unix)]
#[test]
fn forever_goes_round_after_round_until_ctrl_c() {
    let place = Workplace::new();
    place.write_pages(10);
    let mut child = place.start(&["pages", "--forever"]);
    child.until_logged("a round is done");
    child.interrupt();
    let outcome = child.outcome();
    outcome.assert_good();
    let (rounds, (_, stored, _)) = (outcome.number_before(" rounds"), outcome.counts());
    assert!(rounds >= 2, "{outcome}");
    // Of the last round, what was under way is finished; where that is nothing, the round before it stays.
    let last = stored - 10 * (rounds - 1);
    assert_eq!(place.rows("pages"), if last == 0 { 10 } else { last }, "{outcome}");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let place = Workplace::new();
    place.write_pages(3);
    let outcome = place.crawl_into_closed_pipe(&["pages"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_eq!(place.rows("pages"), 3);
}

#[test]
fn help_teaches_with_examples() {
    let outcome = Workplace::new().run(&["--help"]);
    outcome.assert_good();
    for part in ["--slow-store", "--forever", "Ctrl-C", "Exit status"] {
        assert!(outcome.stdout.contains(part), "{part} in {outcome}");
    }
}
