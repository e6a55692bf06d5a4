//! A folder of its own for each test, and the program run in it.

// Clippy knows tests by their functions; these only tests call.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpSocket;

/// Longer than anything here takes, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Workplace(TempDir);

/// What the program said, and how it ended.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    logged: String,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes pages into the folder `pages`; number 17 has a word that no other has.
    pub(crate) fn write_pages(&self, count: usize) {
        fs::create_dir_all(self.path("pages")).unwrap();
        for number in 0..count {
            let word = if number == 17 { "needle" } else { "hay" };
            let filling = format!("A line about {word} and how much of it there is. ").repeat(20);
            self.write(&format!("pages/{number}.md"), format!("# Page {number}\n\n{filling}\n").as_bytes());
        }
    }

    /// The names in the folder, sorted.
    pub(crate) fn entries(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The rows of a table in `crawl.sqlite`.
    pub(crate) fn rows(&self, table: &str) -> u64 {
        rows(&self.path("crawl.sqlite"), table)
    }

    /// Runs the program with just these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        spawn(self.command(arguments)).outcome()
    }

    /// Runs a crawl that takes no port, so that tests can run side by side.
    pub(crate) fn crawl(&self, arguments: &[&str]) -> Outcome {
        self.run(&without_port(arguments))
    }

    /// Runs a crawl with some variables of the environment.
    pub(crate) fn crawl_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut command = self.command(&without_port(arguments));
        command.envs(variables.iter().copied());
        spawn(command).outcome()
    }

    /// Starts a crawl that takes no port.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        spawn(self.command(&without_port(arguments)))
    }

    /// Starts a crawl that can be watched, on a free port.
    pub(crate) fn start_watched(&self, arguments: &[&str]) -> Running {
        spawn(self.command(&[arguments, &["--listen", "127.0.0.1:0"]].concat()))
    }

    /// Runs a crawl that can write no file larger than so many blocks of 512 bytes.
    #[cfg(unix)]
    pub(crate) fn crawl_with_files_limited_to_blocks(&self, blocks: u32, arguments: &[&str]) -> Outcome {
        let mut shell = Command::new("sh");
        // Ignored, the signal becomes an error of the write: what a full disk is, too.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        shell.arg(env!("CARGO_BIN_EXE_crawl")).args(without_port(arguments)).current_dir(self.0.path());
        spawn(shell).outcome()
    }

    /// Runs a crawl whose stdout nobody reads.
    pub(crate) fn crawl_into_closed_pipe(&self, arguments: &[&str]) -> Outcome {
        let mut running = self.start(arguments);
        drop(running.child.stdout.take());
        running.outcome()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crawl"));
        command.args(arguments).current_dir(self.0.path());
        command
    }
}

impl Running {
    /// Sends what Ctrl-C sends.
    #[cfg(unix)]
    pub(crate) fn interrupt(&mut self) {
        self.signal("-INT");
    }

    /// Sends what a service is told by to read its file again.
    #[cfg(unix)]
    pub(crate) fn hang_up(&mut self) {
        self.signal("-HUP");
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Forgets what was logged so far, for whoever waits for the same words again.
    pub(crate) fn forget_log(&mut self) {
        self.logged.clear();
    }

    /// Waits until a line with these words is in the log.
    pub(crate) fn until_logged(&mut self, words: &str) {
        while !self.logged.contains(words) {
            let read = self.stderr.read_line(&mut self.logged).unwrap();
            assert!(read > 0, "the program ended without `{words}`:\n{}", self.logged);
        }
    }

    /// Waits until the log names the address of `/metrics`.
    pub(crate) fn address(&mut self) -> String {
        self.until_logged("/metrics");
        let (_, after) = self.logged.split_once("http://").unwrap();
        after.split_once('/').unwrap().0.to_owned()
    }

    /// Waits until pages are being stored.
    pub(crate) fn until_storing(&mut self) {
        let address = self.address();
        let none = "queue_get_total{queue_name=\"crawl.store\"} 0\n";
        patiently("the store stage to get a page", || {
            let page = scrape(&address);
            page.contains("queue_name=\"crawl.store\"") && !page.contains(none)
        });
    }

    /// Waits for the end.
    pub(crate) fn outcome(mut self) -> Outcome {
        let stdout = self.child.stdout.take();
        let reader = thread::spawn(move || {
            let mut text = String::new();
            stdout.map(|mut pipe| pipe.read_to_string(&mut text).unwrap());
            text
        });
        self.stderr.read_to_string(&mut self.logged).unwrap();
        let code = self.child.wait().unwrap().code();
        Outcome { code, stdout: reader.join().unwrap(), stderr: std::mem::take(&mut self.logged) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing running. Where it has ended already, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    pub(crate) fn assert_good(&self) {
        assert_eq!(self.code, Some(0), "{self}");
    }

    /// Asserts a failure that says all of `parts` on stderr.
    pub(crate) fn assert_bad(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(1), "{self}");
        let last = self.stderr.split("crawl: ").last().unwrap();
        for part in parts {
            assert!(last.contains(part), "`{part}` in {self}");
        }
    }

    /// Documents found, stored and failed, as the report says.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.number_before(" documents"), self.number_before(" stored"), self.number_before(" failed"))
    }

    /// The number before the first such words in the report.
    pub(crate) fn number_before(&self, words: &str) -> u64 {
        let (before, _) = self.stdout.split_once(words).unwrap_or_else(|| panic!("`{words}` in {self}"));
        before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap_or_else(|_| panic!("a number in {self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "exit {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// The rows of a table in a database.
pub(crate) fn rows(database: &Path, table: &str) -> u64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    let count: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    u64::try_from(count).unwrap()
}

/// Everything that `/metrics` says.
pub(crate) fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// A port of loopback that nobody listens on, nor can while this lives.
pub(crate) struct ClosedPort(TcpSocket);

impl ClosedPort {
    pub(crate) fn new() -> Self {
        let reserved = TcpSocket::new_v4().unwrap();
        reserved.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(reserved)
    }
}

impl fmt::Display for ClosedPort {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.local_addr().unwrap().fmt(to)
    }
}

/// A server that answers every request with one page, as long as the test runs.
pub(crate) fn serve_one_page() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while request.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let page = "<title>A page</title><p>hello";
            let head = format!("Content-Type: text/html\r\nContent-Length: {}\r\nConnection: close", page.len());
            write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{page}").unwrap();
        }
    });
    address
}

fn without_port<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    if arguments.contains(&"--search-only") {
        return arguments.to_vec();
    }
    arguments.iter().copied().chain(["--listen", "off"]).collect()
}

fn spawn(mut command: Command) -> Running {
    // What the tests read is what the program logs by default.
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    Running { child, stderr, logged: String::new() }
}

fn patiently(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
