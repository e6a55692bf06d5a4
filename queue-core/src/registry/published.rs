//! What others put on the board: samples, alert states, the monitor's own numbers.

use std::mem::replace;
use std::sync::Arc;

use crate::observe::{AlertPhase, AlertState, Sample};
use crate::stats::StageStats;

/// Something to put on the board. Each kind replaces what was there of the same kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Publication {
    /// The last samples, one a name.
    Samples(Arc<[Sample]>),
    /// The state of every alert on every queue it applies to.
    Alerts(Arc<[AlertState]>),
    /// How often each alert entered each phase, since the process began.
    Transitions(Arc<[TransitionCounts]>),
    /// The monitor's own numbers.
    Monitor(MonitorTotals),
}

/// How often one alert on one queue entered each phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionCounts {
    /// The alert's name.
    pub alert: Arc<str>,
    /// The queue it judges.
    pub queue: Arc<str>,
    /// How often, in the order of [`AlertPhase::ALL`].
    pub entered: [u64; AlertPhase::ALL.len()],
}

/// The monitor's own numbers, since it was started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonitorTotals {
    /// Passes over the registry.
    pub samples: u64,
    /// Seconds the last pass took.
    pub sample_seconds: f64,
    /// Passes and reloads in which something panicked: a source, or the log's subscriber. Sampling went on.
    pub failures: u64,
    /// Configuration reloads that were taken.
    pub reloads_accepted: u64,
    /// Configuration reloads that were refused, the running one kept.
    pub reloads_rejected: u64,
    /// What became of alerts that were sent to an Alertmanager.
    pub alertmanager: Notified,
    /// What became of transitions that were sent to a webhook.
    pub webhook: Notified,
}

/// What became of what a monitor sent to one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// Requests that were taken.
    pub sent: u64,
    /// Requests that were refused, or not answered in time. Those that were not answered are sent again.
    pub failed: u64,
    /// Alerts or transitions that were given up: refused, or more than are kept for a server that does not answer.
    pub dropped: u64,
    /// Alerts or transitions that wait to be sent.
    pub waiting: u64,
}

/// What is on the board now.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Published {
    /// The last samples, one a name.
    pub samples: Arc<[Sample]>,
    /// The state of every alert on every queue it applies to.
    pub alerts: Arc<[AlertState]>,
    /// How often each alert entered each phase.
    pub transitions: Arc<[TransitionCounts]>,
    /// The monitor's own numbers, once there is one.
    pub monitor: Option<MonitorTotals>,
    /// The stages of all pipelines, as of now: pipeline by pipeline, in the order of their flow. They are not put here
    /// but asked, see [`Registry::watch_stages`](crate::Registry::watch_stages).
    pub stages: Arc<[StageStats]>,
}

impl Published {
    /// Takes it in, and gives back what was there: there may be much of it, to be let go without the lock.
    #[must_use]
    pub(crate) fn take(&mut self, publication: Publication) -> Option<Publication> {
        match publication {
            Publication::Samples(new) => Some(Publication::Samples(replace(&mut self.samples, new))),
            Publication::Alerts(new) => Some(Publication::Alerts(replace(&mut self.alerts, new))),
            Publication::Transitions(new) => Some(Publication::Transitions(replace(&mut self.transitions, new))),
            Publication::Monitor(new) => self.monitor.replace(new).map(Publication::Monitor),
        }
    }
}
