//! What a user of the example sees: a real Prometheus scrapes the running crawl, and the numbers are asked back out of
//! it. Nothing here is a double: the crawl, its endpoint, the server and its storage are the real ones.

mod servers;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use servers::{PATIENCE, Running, pause};

const QUEUES: [&str; 3] = ["crawl.download", "crawl.parse", "crawl.store"];

#[test]
fn a_real_prometheus_tells_depth_utilization_and_rates_of_the_running_crawl() {
    let folder = tempfile::tempdir().expect("a folder for the database and Prometheus' storage");
    let crawl = Running::start(folder.path(), "crawl", "/healthz", crawl);
    let prometheus = servers::prometheus(folder.path(), crawl.address, None);
    let ask = |query: &str, good: fn(f64) -> bool| eventually(&prometheus, &crawl, query, good);
    let always = |query: &str, good: fn(f64) -> bool| always(&prometheus, &crawl, query, good);

    for queue in QUEUES {
        // Two workers that take 5 ms a page are slower than what comes before them: every queue fills.
        ask(&format!("max_over_time(queue_depth{{queue_name=\"{queue}\"}}[1m])"), |items| items >= 1.0);
        ask(&format!("max_over_time(queue_utilization_ratio{{queue_name=\"{queue}\"}}[1m])"), |share| {
            share > 0.0 && share <= 1.0
        });
        ask(&format!("queue_utilization_mean_ratio{{queue_name=\"{queue}\"}}"), |share| (0.0..=1.0).contains(&share));
        ask(&format!("rate(queue_put_total{{queue_name=\"{queue}\"}}[20s])"), |rate| rate > 0.0);
        ask(&format!("rate(queue_get_total{{queue_name=\"{queue}\"}}[20s])"), |rate| rate > 0.0);

        // A scrape is of one moment, so its numbers agree with each other exactly.
        always(
            &format!("queue_utilization_ratio{{queue_name=\"{queue}\"}} - queue_depth / queue_capacity"),
            |difference| difference.abs() < 1e-9,
        );
        // Put, and neither delivered nor dropped nor buffered: on its way to one of at most five workers.
        always(
            &format!(
                "queue_put_total{{queue_name=\"{queue}\"}} - queue_get_total - queue_depth \
                 - sum without (reason) (queue_dropped_total)"
            ),
            |in_transit| (0.0..=5.0).contains(&in_transit),
        );
    }
}

/// The crawl of the documents that every checkout has, with a slow last stage.
fn crawl(at: SocketAddr, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crawl"));
    command.args(["--forever", "--slow-store", "5ms", "--listen", &at.to_string(), "--database"]);
    command.arg(folder.join("crawl.sqlite"));
    command
}

/// Asks Prometheus until it has one series that is `good`.
fn eventually(prometheus: &Running, crawl: &Running, query: &str, good: fn(f64) -> bool) {
    let started = Instant::now();
    loop {
        let answer = values(prometheus, query);
        if answer.as_ref().is_ok_and(|values| values.len() == 1 && good(values[0])) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{query}: {answer:?}\ncrawl said:\n{}", crawl.said());
        pause();
    }
}

/// Waits until there is an answer, which must be `good` at first sight.
fn always(prometheus: &Running, crawl: &Running, query: &str, good: fn(f64) -> bool) {
    eventually(prometheus, crawl, query, |_| true);
    let values = values(prometheus, query).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert!(values.iter().copied().all(good), "{query}: {values:?}\ncrawl said:\n{}", crawl.said());
}

/// The values of an instant query.
fn values(prometheus: &Running, query: &str) -> Result<Vec<f64>, String> {
    let answer = prometheus.ask("query", &[("query", query)])?;
    let series = answer["result"].as_array().ok_or_else(|| format!("no result: {answer}"))?;
    let value = |one: &Value| one["value"][1].as_str().and_then(|value| value.parse().ok());
    series.iter().map(|one| value(one).ok_or_else(|| format!("no number: {one}"))).collect()
}
