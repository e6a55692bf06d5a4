//! YAML in, checked [`Config`] out.
//!
//! What is here has been checked: shares lie within 0..=1, durations within their ranges, globs parse, thresholds and
//! clear values stand on the right sides of each other. The rest of the monitor never meets a string to parse.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

mod glob;
mod signal;
mod standin;
mod summary;

pub use glob::Glob;
pub use signal::{Measured, Signal};
pub use standin::ConfigErrors;
pub use summary::{Placeholder, Summary};

/// A checked configuration of the monitor.
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
    /// Where alerts go.
    pub notify: Notify,
    /// The HTTP endpoint; off when absent.
    pub http: Option<Http>,
}

/// One alert, as the file defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// Its name, unique in the file.
    pub name: Arc<str>,
    /// The queues it judges.
    pub queues: Vec<Glob>,
    /// Of these, the ones it leaves alone.
    pub except: Vec<Glob>,
    /// What it looks at.
    pub signal: Signal,
    /// When it fires and when it clears.
    pub threshold: Threshold,
    /// Sustained this long before it fires.
    pub hold: Duration,
    /// Clear this long before it resolves.
    pub keep_firing_for: Duration,
    /// Any word; `info`, `warning` and `critical` have colours.
    pub severity: Arc<str>,
    /// What a person reads, with placeholders.
    pub summary: Summary,
}

/// When an alert fires and when it clears, in the unit of its signal (share 0..=1, seconds, items, items a second).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// Fires strictly above `fire`, clears at or below `clear` (`clear <= fire`).
    Above {
        /// Fires above this.
        fire: f64,
        /// Clears at or below this.
        clear: f64,
    },
    /// Fires strictly below `fire`, clears at or above `clear` (`clear >= fire`).
    Below {
        /// Fires below this.
        fire: f64,
        /// Clears at or above this.
        clear: f64,
    },
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// A tracing event per transition.
    pub log: bool,
}

/// The HTTP endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where it listens; loopback unless the file says otherwise.
    pub listen: SocketAddr,
}
