//! YAML in, checked [`Config`] out.
//!
//! What is here has been checked: shares lie within 0..=1, durations within their ranges, globs parse, thresholds and
//! clear values stand on the right sides of each other. The rest of the monitor never meets a string to parse.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

// From bytes to the checked configuration.
mod text;

mod build;
mod tree;

mod load;
mod schema;

mod check;

// What values are made of, and what is said about wrong ones.
pub(crate) mod alert;
mod env;
mod glob;
pub(crate) mod instant;
mod signal;
mod summary;
mod target;
pub(crate) mod units;
mod values;

mod error;
mod explain;
mod json_schema;
mod keys;
mod syntax;
mod warnings;

pub use alert::{AlertRule, Change, Fields, Level, Override, Threshold};
pub use error::{ConfigError, ConfigErrors};
pub use explain::{Explained, explain};
pub use glob::{Glob, GlobError};
pub use json_schema::schema;
pub use signal::{Measured, Signal};
pub use summary::{Placeholder, Summary, SummaryError};
pub use target::{Alertmanager, Headers, Target, Url, UrlError, Webhook};
pub use warnings::Warning;

/// What errors call text that came from no file.
const NO_FILE: &str = "<yaml>";

/// A checked configuration of the monitor.
///
/// # Examples
/// ```
/// use queue_monitor::config::Config;
///
/// let config = Config::from_yaml("alerts: [{ name: Full, signal: utilization, above: 80%, for: 1m }]")?;
/// assert_eq!(&*config.alerts[0].name, "Full");
///
/// let errors = Config::from_yaml("saturation: 90").unwrap_err();
/// assert!(errors.errors()[0].hint.ends_with("did you mean `90%`?"));
/// # Ok::<(), queue_monitor::config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Resolution of the time integrals.
    pub tick: Duration,
    /// How often every registered queue is sampled.
    pub interval: Duration,
    /// From which share of its capacity on a queue counts as saturated.
    pub saturation: f64,
    /// How far back the peak depth looks.
    pub peak_window: Duration,
    /// The alerts, in the order of the file.
    pub alerts: Vec<AlertRule>,
    /// What is different for single queues, in the order of the file.
    pub overrides: Vec<Override>,
    /// Which queues nobody is told of for a while.
    pub mute: Vec<Mute>,
    /// Where alerts go.
    pub notify: Notify,
    /// Where samples are written, for a replay; nowhere when absent.
    pub record: Option<PathBuf>,
    /// What generated rules have to know of Prometheus.
    pub prometheus: Prometheus,
    /// The HTTP endpoint; off when absent.
    pub http: Option<Http>,
}

impl Config {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error of the text, each with its line and column.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigErrors> {
        Self::read(NO_FILE, text.as_bytes(), &env::of_the_process)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error of the file, each with its line and column, or with the reason why the file
    /// could not be read.
    pub fn from_yaml_file(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        Self::from_content(path, &Self::content_of(path)?)
    }

    /// What is in a file, as far as it may be read.
    pub(crate) fn content_of(path: &Path) -> Result<Vec<u8>, ConfigErrors> {
        read_file(path).map_err(|why| ConfigErrors::unreadable(&path.to_string_lossy(), &why))
    }

    /// Reads and checks what was in a file.
    pub(crate) fn from_content(path: &Path, content: &[u8]) -> Result<Self, ConfigErrors> {
        Self::read(&path.to_string_lossy(), content, &env::of_the_process)
    }

    fn read(file: &str, bytes: &[u8], environment: &env::Environment<'_>) -> Result<Self, ConfigErrors> {
        Self::read_with(file, bytes, environment, |_| ()).map(|(config, ())| config)
    }

    /// Also has `look` look at what was read, with the place of everything in it.
    fn read_with<T>(
        file: &str,
        bytes: &[u8],
        environment: &env::Environment<'_>,
        look: impl FnOnce(&schema::Document) -> T,
    ) -> Result<(Self, T), ConfigErrors> {
        let mut findings = error::Findings::default();
        let text = match text::decode(bytes) {
            Ok(text) => text,
            Err((place, what)) => {
                findings.add(place, "-", what);
                return Err(findings.into_errors(file, &String::from_utf8_lossy(bytes)));
            }
        };
        let Some(tree) = build::tree(text, &mut findings) else {
            return Err(findings.into_errors(file, text));
        };
        let document = load::document(&tree, environment, &mut findings);
        let config = check::config(&document, &mut findings);
        if findings.is_empty() {
            load::read_again(text, &tree, &mut findings);
        }
        if findings.is_empty() { Ok((config, look(&document))) } else { Err(findings.into_errors(file, text)) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(5),
            interval: Duration::from_secs(10),
            saturation: 0.8,
            peak_window: Duration::from_secs(60),
            alerts: Vec::new(),
            overrides: Vec::new(),
            mute: Vec::new(),
            notify: Notify::default(),
            record: None,
            prometheus: Prometheus { scrape_interval: Duration::from_secs(15) },
            http: None,
        }
    }
}

/// Reads a file, but no more of it than shows that it is too large.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(text::LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// A tracing event per transition.
    pub log: bool,
    /// Added to every alert that leaves the process; names and values.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// An Alertmanager that is kept up to date; none when absent.
    pub alertmanager: Option<Alertmanager>,
    /// Who is sent the transitions of each sample; nobody when absent.
    pub webhook: Option<Webhook>,
    /// Whether nobody is told of queues before a stage that is the bottleneck of its pipeline while that one fires.
    pub inhibit_upstream: bool,
}

impl Default for Notify {
    /// The log, and nobody else.
    fn default() -> Self {
        Self { log: true, labels: Vec::new(), alertmanager: None, webhook: None, inhibit_upstream: false }
    }
}

/// Queues that nobody is told of for a while. They are judged all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Mute {
    /// Which queues.
    pub queues: Vec<Glob>,
    /// Until when, by the wall clock. What fires then, and nobody was told of, is told.
    pub until: SystemTime,
    /// Why, for whoever wonders.
    pub reason: Option<Arc<str>>,
}

/// What generated rules have to know of Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct Prometheus {
    /// How often it scrapes; rules look back by four of these.
    pub scrape_interval: Duration,
}

/// The HTTP endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where it listens; loopback unless the file says otherwise.
    pub listen: SocketAddr,
}
