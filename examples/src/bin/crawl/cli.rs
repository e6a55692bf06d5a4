//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;

/// Crawls documents into a searchable SQLite database: three stages of workers (download, parse, store) with a
/// bounded queue before each.
///
/// Everything that moves is a queue that can be watched: while it runs, `/metrics` on 127.0.0.1:9464 has depth,
/// utilization, waits and alerts of each queue for Prometheus, and the log on stderr says when an alert fires and
/// when it resolves.
#[derive(Debug, Parser)]
#[command(name = "crawl", version, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to crawl: a file with one URL a line (# starts a comment), or a directory, whose Markdown and HTML files
    /// are taken. Without it: the Markdown and HTML files of every dependency in this workspace's Cargo.lock, as
    /// cargo has them on disk. Files are served over HTTP on loopback, so that downloading them is real.
    #[arg(value_name = "INPUT")]
    pub(crate) input: Option<PathBuf>,

    /// Answer this search when the crawl is done: pages that have all of these words, best first.
    #[arg(long, value_name = "WORDS", value_parser = words)]
    pub(crate) search: Option<String>,

    /// Do not crawl: search the database that an earlier crawl has left.
    #[arg(long, requires = "search", conflicts_with_all = ["input", "forever", "limit", "slow_store", "config", "listen"])]
    pub(crate) search_only: bool,

    /// Where the pages go. The file appears, or is replaced, when the crawl is done; before that it is left alone.
    #[arg(long, value_name = "FILE", default_value = "crawl.sqlite")]
    pub(crate) database: PathBuf,

    /// Make the store stage slow: wait this long for each page (as 20ms), and see the backpressure travel upstream.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) slow_store: Option<Duration>,

    /// Crawl the same input round after round, until Ctrl-C: something to look at for a dashboard.
    #[arg(long)]
    pub(crate) forever: bool,

    /// Take only the first N documents.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,

    /// What the monitor watches for (YAML), taken again when the file changes, and on SIGHUP. Without it: the
    /// queues.yaml that comes with this program.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where /metrics is served, in place of what the configuration says: an address (port 0 takes a free one, which
    /// the log names), or `off`.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<Listen>,
}

/// An address, or none at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Listen {
    Off,
    At(SocketAddr),
}

const EXAMPLES: &str = "\
Examples:
  crawl --search backpressure            crawl the docs of all dependencies, then search them
  crawl --search-only --search 'io uring'  search again, without crawling
  crawl --slow-store 20ms                watch queues fill up and HighUtilization fire
  crawl --forever --slow-store 5ms       keep going for Prometheus or a dashboard
  crawl urls.txt --database pages.sqlite

Ctrl-C takes in no more documents, finishes those under way and reports. A second Ctrl-C drops everything.

Exit status: 0 done, also where single pages failed (they are counted and reported); 1 an error, told on stderr,
with the database left as it was; 2 wrong usage; 130 a second Ctrl-C.";

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| "expected IP:PORT, such as 127.0.0.1:9464, or `off`".to_owned())
    }
}

fn words(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_alphanumeric) {
        Ok(text.to_owned())
    } else {
        Err("expected at least one word to look for".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_holds_together() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |line: &[&str]| {
            let all = std::iter::once(&"crawl").chain(line);
            assert!(Arguments::try_parse_from(all).is_err(), "{line:?}");
        };
        check(&["--search", ""]);
        check(&["--search", "\"*"]);
        check(&["--search-only"]);
        check(&["--search-only", "--search", "a", "urls.txt"]);
        check(&["--slow-store", "20"]);
        check(&["--limit", "0"]);
        check(&["--listen", "9464"]);
    }

    #[test]
    fn listen_takes_an_address_or_off() {
        assert_eq!("off".parse(), Ok(Listen::Off));
        assert_eq!("127.0.0.1:0".parse(), Ok(Listen::At(([127, 0, 0, 1], 0).into())));
    }
}
