//! Replayed: what was recorded, judged again by any configuration, as `promtool test rules` does for rules.
//!
//! Pure: the time of a sample is what its line says. Deliberately absent: mutes and notifying, which go by the wall clock.

use std::fmt;
use std::time::Duration;

use queue_core::{AlertTransition, FamilyStats};
use serde_json::Value;

use crate::alert::Alerts;
use crate::config::Config;
use crate::sampler::Sampler;

/// Judges recorded snapshots, one after the other.
///
/// # Examples
/// ```
/// use queue_monitor::{Config, Replay};
///
/// let config = Config::from_yaml("alerts: [{ name: Deep, signal: depth, above: 5 }]")?;
/// let mut replay = Replay::new(&config);
/// assert!(replay.line(r#"{"mono": 12.0, "queues": []}"#).unwrap().is_empty());
/// assert!(replay.line("nonsense").is_err());
/// # Ok::<(), queue_monitor::config::ConfigErrors>(())
/// ```
#[derive(Debug)]
pub struct Replay {
    sampler: Sampler,
    alerts: Alerts,
    last: Option<Duration>,
}

/// Why a line is no recorded snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError(String);

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReplayError {}

impl Replay {
    /// Begins with every alert ok.
    pub fn new(config: &Config) -> Self {
        Self { sampler: Sampler::default(), alerts: Alerts::new(config), last: None }
    }

    /// Judges one line, as the monitor writes them: `{"mono": 12.0, "queues": [..]}`. `mono` are monotonic seconds; what
    /// else is in the line (`time`) is for people.
    ///
    /// # Errors
    /// If the line is no such object, or its `mono` is not later than that of the line before. Nothing is judged then.
    pub fn line(&mut self, line: &str) -> Result<Vec<AlertTransition>, ReplayError> {
        let line: Value = serde_json::from_str(line).map_err(|error| {
            ReplayError(format!(
                "not JSON: {error}; accepted: one object a line, as the monitor's `record` writes them"
            ))
        })?;
        let mono = line["mono"].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let Some(mono) = mono else {
            let found = &line["mono"];
            return Err(ReplayError(format!("`mono` is {found}; accepted: seconds of a monotonic clock, from 0 on")));
        };
        if let Some(last) = self.last.filter(|last| *last >= mono) {
            let (mono, last) = (mono.as_secs_f64(), last.as_secs_f64());
            return Err(ReplayError(format!(
                "`mono` is {mono} after {last}: it only grows while a monitor runs; replay each run by itself"
            )));
        }
        let families = line["queues"].as_array().ok_or_else(|| {
            ReplayError("`queues` is missing; accepted: a list of what `queue_core::FamilyStats` has".to_owned())
        })?;
        let families = families.iter().enumerate().map(|(at, family)| {
            serde_json::from_value::<FamilyStats>(family.clone()).map_err(|error| {
                ReplayError(format!("queues[{at}]: {error}; accepted: what the monitor's `record` writes"))
            })
        });
        let families = families.collect::<Result<Vec<_>, _>>()?;
        self.last = Some(mono);
        let samples = self.sampler.sample(mono, families);
        Ok(self.alerts.judge(mono, &samples))
    }
}
