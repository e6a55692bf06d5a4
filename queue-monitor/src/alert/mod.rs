//! Decided: the life of every alert on every queue, and who is told of it.
//!
//! [`Alerts`] is pure as the rules are: samples and time in, transitions out. Only [`notify`] lets anything leave.
//! Deliberately absent: when to sample, and what a signal means. Where the data goes next: back to the registry, to
//! subscribers, and to the notifiers.

pub(crate) mod notify;
mod state;
mod words;

use std::sync::Arc;
use std::time::Duration;

use queue_core::{AlertPhase, AlertState};

pub(crate) use state::Alerts;

/// One alert on one queue that is not ok: pending, firing, resolving or without data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ActiveAlert {
    /// The alert's name in the configuration.
    pub alert: Arc<str>,
    /// The queue it judges.
    pub queue: Arc<str>,
    /// The word of the configuration: `warning`, `critical`...
    pub severity: Arc<str>,
    /// Where it is in its life.
    pub phase: AlertPhase,
    /// Monotonic time, since the monitor began, at which it entered this phase.
    pub since: Duration,
    /// The last value of the signal, in its own unit (share 0..=1, seconds, items, items a second); `None` when it
    /// has none.
    pub value: Option<f64>,
    /// The summary of the configuration, with what is known now filled in.
    pub summary: String,
    /// Where the configuration says what to do.
    pub runbook: Option<Arc<str>>,
}

impl ActiveAlert {
    /// How an alert stands, and what is said of it.
    fn new(state: AlertState, summary: String, runbook: Option<Arc<str>>) -> Self {
        let AlertState { alert, queue, severity, phase, since, value } = state;
        Self { alert, queue, severity, phase, since, value, summary, runbook }
    }
}
