//! The one table of metrics. Adapters walk it; no other place names a metric.
//!
//! Names are dotted, as OpenTelemetry has them (`queue.depth`); [`Measure::prometheus_name`] gives the other spelling
//! by rule. A new metric is one row here, and every adapter has it.
//!
//! There are rows of two kinds: a [`Measure`] is read off a snapshot, a [`Distribution`] is made of single events, by
//! whoever listens.

mod distributions;
mod measures;
mod points;

pub use distributions::{DISTRIBUTIONS, Distribution};
pub use measures::MEASURES;

use crate::registry::Published;
use crate::stats::FamilyStats;

/// What a reader of the table looks at: one snapshot of the registry and what is on its board.
#[derive(Debug)]
pub struct View<'a> {
    /// Every name, as of now, sorted by name as a snapshot is.
    pub families: &'a [FamilyStats],
    /// Samples, alert states and the monitor's numbers.
    pub published: &'a Published,
}

/// Whether a number can fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A level: up and down, and gone with the last queue of its name.
    Gauge,
    /// A total: it never falls while the process lives.
    Counter,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Items, waits, queues: things that are counted.
    Count,
    /// Seconds (or item-seconds).
    Seconds,
    /// A share from 0 to 1.
    Ratio,
}

/// Labels of one point: the queue's name comes as `queue_name`.
pub type Labels<'a> = [(&'static str, &'a str)];

/// Receives the points of one row.
pub type Emit<'e> = dyn FnMut(&Labels<'_>, f64) + 'e;

/// One row: one metric.
#[derive(Clone, Copy)]
pub struct Measure {
    /// Dotted name, without unit.
    pub name: &'static str,
    /// Whether it can fall.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// One sentence for whoever sees it on a page.
    pub help: &'static str,
    /// The labels of its points, in their order.
    pub labels: &'static [&'static str],
    /// How to read it: what is healthy, what is not, and what to ask Prometheus for.
    pub reading: &'static str,
    read: fn(&View<'_>, &mut Emit<'_>),
}

impl Measure {
    /// Reads the row: calls `emit` once a point, with its labels.
    pub fn read(&self, view: &View<'_>, emit: &mut Emit<'_>) {
        (self.read)(view, emit);
    }

    /// The name as Prometheus spells it: underscores, then the unit, then `_total` on a counter.
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        prometheus(self.name, self.unit) + total
    }
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measure").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A dotted name with underscores, and its unit.
fn prometheus(name: &str, unit: Unit) -> String {
    let unit = match unit {
        Unit::Count => "",
        Unit::Seconds => "_seconds",
        Unit::Ratio => "_ratio",
    };
    format!("{}{unit}", name.replace('.', "_"))
}

/// The label with the queue's name.
pub const QUEUE: &str = "queue_name";
