//! What the tests of several rooms make by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::{FamilyStats, Sample};

use crate::config::{AlertRule, Config, Glob, Level, Signal, Summary, Threshold};

/// An alert on every queue: utilization above 0.8, at once.
pub(crate) fn rule() -> AlertRule {
    AlertRule {
        name: "HighUtilization".into(),
        queues: globs(&["*"]),
        except: Vec::new(),
        signal: Signal::Utilization,
        levels: above(0.8, 0.8),
        hold: Duration::ZERO,
        keep_firing_for: Duration::ZERO,
        summary: Summary::new("{queue} is {value} full ({depth}/{capacity})").unwrap(),
        runbook: None,
    }
}

/// One level, `warning`, that fires above one value and clears at another.
pub(crate) fn above(fire: f64, clear: f64) -> Vec<Level> {
    vec![Level { severity: "warning".into(), threshold: Threshold::Above { fire, clear } }]
}

/// A configuration of these alerts and nothing else.
pub(crate) fn config_of(alerts: Vec<AlertRule>) -> Config {
    Config { alerts, ..Config::default() }
}

/// The same numbers on every run: a failure can be looked at again.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

pub(crate) fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::new(text).unwrap()).collect()
}

/// One queue of this name with room for 100.
pub(crate) fn family(name: &str, depth: usize) -> FamilyStats {
    FamilyStats { name: name.into(), instances: 1, capacity: Some(100), depth, ..FamilyStats::default() }
}

/// A sample of one queue of this name, `utilization` full all the time.
pub(crate) fn sample(name: &str, utilization: f64) -> Sample {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let depth = (utilization * 100.0) as usize;
    Sample { stats: family(name, depth), utilization: Some(utilization), ..Sample::default() }
}

/// What `work` logs, as a terminal would show it, without times.
pub(crate) fn logged(work: impl FnOnce()) -> String {
    let page = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&page);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || Page(Arc::clone(&writer)))
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let page = page.lock().unwrap();
    String::from_utf8(page.clone()).unwrap()
}

struct Page(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
