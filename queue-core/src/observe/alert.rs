//! What the monitor decided, as plain data.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where an alert is in its life: `ok → pending → firing → resolving → ok`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlertPhase {
    /// The signal is on the good side.
    #[default]
    Ok,
    /// Over the threshold, not yet for as long as `for` asks.
    Pending,
    /// Over the threshold for long enough.
    Firing,
    /// Clear again, not yet for as long as `keep_firing_for` asks.
    Resolving,
    /// It was firing and its queue or its samples went away: not the same as resolved.
    NoData,
}

impl AlertPhase {
    /// All phases, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Pending, Self::Firing, Self::Resolving, Self::NoData];

    /// The word used in logs, labels and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolving => "resolving",
            Self::NoData => "no_data",
        }
    }
}

impl fmt::Display for AlertPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One alert on one queue, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertState {
    /// The alert's name in the configuration.
    pub alert: Arc<str>,
    /// The queue it judges.
    pub queue: Arc<str>,
    /// The word of the configuration: `warning`, `critical`...
    pub severity: Arc<str>,
    /// Where it is in its life.
    pub phase: AlertPhase,
    /// Monotonic time, since the sampler began, at which it entered this phase.
    pub since: Duration,
    /// The last value of the signal, in its own unit (share 0..=1, seconds, items); `None` when it has none.
    pub value: Option<f64>,
}

/// One alert on one queue changed its phase.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertTransition {
    /// The alert's name in the configuration.
    pub alert: Arc<str>,
    /// The queue it judges.
    pub queue: Arc<str>,
    /// The word of the configuration: `warning`, `critical`...
    pub severity: Arc<str>,
    /// The phase it left; the one it entered if only its severity changed.
    pub from: AlertPhase,
    /// The phase it entered.
    pub to: AlertPhase,
    /// Monotonic time of the sample that caused it, since the sampler began.
    pub at: Duration,
    /// The value of the signal, in its own unit; `None` when it has none.
    pub value: Option<f64>,
    /// The summary of the configuration with its placeholders filled in.
    pub summary: String,
    /// Where the configuration says what to do.
    pub runbook: Option<Arc<str>>,
}
