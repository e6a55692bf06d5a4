//! `docs/adopt.md`: the program in it is the one that runs here, and what it promises is seen from outside.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../queue-monitor/tests/support/own_port.rs"]
mod own_port;

const PAGE: &str = include_str!("../../docs/adopt.md");
const PROGRAM: &str = include_str!("../src/bin/orders/main.rs");
const CONFIGURATION: &str = include_str!("../src/bin/orders/queues.yaml");

/// Longer than a loaded machine needs; what is looked for is there within some seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// The first block of the page in this language.
fn block(language: &str) -> &'static str {
    let start = format!("```{language}\n");
    let (_, after) = PAGE.split_once(&start).expect("the page has such a block");
    after.split_once("```\n").expect("it ends").0
}

#[test]
fn the_page_shows_this_program_and_this_configuration_and_adds_three_lines() {
    let added: Vec<_> = block("diff").lines().filter_map(|line| line.strip_prefix('+')).collect();
    assert_eq!(added.len(), 3, "{added:#?}");
    let shown: Vec<_> = block("diff").lines().map(|line| line.get(1..).unwrap_or_default()).collect();
    let program = PROGRAM.split_once("async fn main").expect("it has a main").1;
    assert!(program.contains(&shown.join("\n")), "the page shows\n{}\nthe program is{program}", shown.join("\n"));
    assert_eq!(block("yaml"), CONFIGURATION);
}

#[test]
fn a_channel_of_tokio_is_a_queue_on_the_page_and_an_alert_on_it_fires() {
    let folder = tempfile::tempdir().expect("a folder for the configuration and the log");
    fs::write(folder.path().join("queues.yaml"), CONFIGURATION).expect("the folder is ours");
    let mut orders = Orders::start(folder.path());
    orders.until("queue_capacity{queue_name=\"orders\"} 64\n");
    orders.until("queue_instances{queue_name=\"orders\"} 1\n");
    // All slots are taken: twice as many come in as can be stored.
    orders.until("queue_depth{queue_name=\"orders\"} 64\n");
    orders.until("queue_utilization_ratio{queue_name=\"orders\"} 1\n");
    orders.until("queue_alert_state{queue_name=\"orders\",alert=\"PilesUp\",severity=\"warning\"} 2\n");
    let said = orders.said();
    assert!(said.contains("of 64 slots of orders are taken"), "{said}");
    let page = orders.page().expect("it answered before");
    for unknown in ["queue_put_total", "queue_dwell_seconds", "queue_waiters"] {
        assert!(!page.contains(&format!("{unknown}{{queue_name=\"orders\"")), "a channel does not know it: {unknown}");
    }
}

/// The program while it runs; killed when it goes out of scope.
struct Orders {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Orders {
    fn start(folder: &Path) -> Self {
        let (address, log) = (own_port::find(), folder.join("log"));
        let child = Command::new(env!("CARGO_BIN_EXE_orders"))
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .env("ORDERS_LISTEN", address.to_string())
            .stdin(Stdio::null())
            .stderr(File::create(&log).expect("the folder is ours"))
            .spawn()
            .expect("it was just built");
        Self { child, address, log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).expect("the log is ours")
    }

    /// Looks again and again until the page has this line.
    fn until(&mut self, line: &str) {
        let began = Instant::now();
        loop {
            let page = self.page();
            if page.as_ref().is_ok_and(|page| page.contains(line)) {
                return;
            }
            let ended = self.child.try_wait().expect("a child of ours").is_some();
            let state = || format!("{page:?}\nit said:\n{}", self.said());
            assert!(!ended && began.elapsed() < PATIENCE, "waited in vain for {line}\n{}", state());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn page(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(stream, "GET /metrics HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        Ok(page)
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        // It may have ended by itself: there is nothing to say about that here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
