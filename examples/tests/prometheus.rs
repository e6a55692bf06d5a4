//! What a user of the example sees: a real Prometheus scrapes the running crawl, and the numbers are asked back out of
//! it. Nothing here is a double: the crawl, its endpoint, the server and its storage are the real ones.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use get::get;
use serde_json::Value;

#[path = "../../queue-monitor/tests/support/get.rs"]
mod get;
#[path = "../../queue-monitor/tests/support/own_port.rs"]
mod own_port;

/// Longer than a loaded machine needs; what is asked for is there within some seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const QUEUES: [&str; 3] = ["crawl.download", "crawl.parse", "crawl.store"];

#[test]
fn a_real_prometheus_tells_depth_utilization_and_rates_of_the_running_crawl() {
    let folder = tempfile::tempdir().expect("a folder for the database and Prometheus' storage");
    let crawl = Running::start(folder.path(), "crawl", "/healthz", crawl);
    let scrapes = scrape_config(folder.path(), crawl.address);
    let prometheus = Running::start(folder.path(), "prometheus", "/-/ready", |at, folder| {
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", scrapes.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("storage").display()));
        command.arg(format!("--web.listen-address={at}"));
        command
    });
    let ask = |query: &str, good: fn(f64) -> bool| prometheus.eventually(&crawl, query, good);
    let always = |query: &str, good: fn(f64) -> bool| prometheus.always(&crawl, query, good);

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

fn scrape_config(folder: &Path, target: SocketAddr) -> PathBuf {
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
         scrape_configs:\n- job_name: crawl\n  static_configs: [{{ targets: [\"{target}\"] }}]\n"
    );
    let path = folder.join("prometheus.yml");
    fs::write(&path, config).expect("the folder is ours");
    path
}

/// A server that was started, answers, and is killed when it goes out of scope, also by a failed assertion.
struct Running {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Running {
    /// Starts a server on a free port and waits until `ready` answers 200.
    fn start(folder: &Path, name: &str, ready: &str, command: impl Fn(SocketAddr, &Path) -> Command) -> Self {
        let mut running = Self::spawn(folder, name, &command);
        let started = Instant::now();
        while running.child.try_wait().expect("a child of ours").is_none() {
            if get(running.address, ready).is_ok() {
                return running;
            }
            assert!(started.elapsed() < PATIENCE, "{name} does not answer {ready}:\n{}", running.said());
            pause();
        }
        panic!("{name} ended at once:\n{}", running.said());
    }

    fn spawn(folder: &Path, name: &str, command: impl Fn(SocketAddr, &Path) -> Command) -> Self {
        let address = own_port::find();
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).expect("the folder is ours");
        let spawned = command(address, folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle of the log"))
            .stderr(output)
            .spawn();
        match spawned {
            Ok(child) => Self { child, address, log },
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "{name} is not installed: `apt-get install prometheus` has the server (Debian, Ubuntu), and the test \
                 command ci/test installs it"
            ),
            Err(error) => panic!("{name} does not start: {error}"),
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| format!("(its log cannot be read: {error})"))
    }

    /// Asks Prometheus until it has one series that is `good`.
    fn eventually(&self, crawl: &Self, query: &str, good: fn(f64) -> bool) {
        let started = Instant::now();
        loop {
            let answer = self.query(query);
            if answer.as_ref().is_ok_and(|values| values.len() == 1 && good(values[0])) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{query}: {answer:?}\ncrawl said:\n{}", crawl.said());
            pause();
        }
    }

    /// Waits until there is an answer, which must be `good` at first sight.
    fn always(&self, crawl: &Self, query: &str, good: fn(f64) -> bool) {
        self.eventually(crawl, query, |_| true);
        let values = self.query(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(values.iter().copied().all(good), "{query}: {values:?}\ncrawl said:\n{}", crawl.said());
    }

    /// The values of an instant query.
    fn query(&self, query: &str) -> Result<Vec<f64>, String> {
        let body = get(self.address, &format!("/api/v1/query?query={}", escaped(query)))?;
        let answer: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        let series = answer["data"]["result"].as_array().ok_or_else(|| format!("no result: {body}"))?;
        let value = |one: &Value| one["value"][1].as_str().and_then(|value| value.parse().ok());
        series.iter().map(|one| value(one).ok_or_else(|| format!("no number: {one}"))).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself: there is nothing to say about that here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Percent-encoded: every byte that is not plainly safe in a query.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Real processes cannot be told to hurry: look again a little later.
fn pause() {
    thread::sleep(Duration::from_millis(100));
}
