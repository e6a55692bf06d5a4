//! The rows that are distributions: histograms, made of what observers are told.

use std::time::Duration;

use super::Unit;
use super::points::count;
use crate::observe::{Event, Side};
use crate::stats::{FamilyStats, Known};

/// One row: one histogram, labelled with [`QUEUE`](super::QUEUE) alone.
///
/// Nobody keeps it in a snapshot. An adapter attaches an observer that asks for
/// [`Interest::MEASURED`](crate::Interest::MEASURED), and adds what [`of`](Self::of) finds in each event to the buckets
/// of the queue's name: that under which [`Registry::counted_as`](crate::Registry::counted_as) says that it is counted.
#[derive(Clone, Copy)]
pub struct Distribution {
    /// Dotted name, without unit.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// One sentence for whoever sees it on a page.
    pub help: &'static str,
    /// How to read it: what to ask Prometheus for.
    pub reading: &'static str,
    /// Upper bounds of its buckets, unless somebody chooses others; rising, without the last one, which is infinite.
    pub bounds: &'static [f64],
    of: fn(&Event<'_>) -> Option<f64>,
    expected: fn(&FamilyStats) -> bool,
}

impl Distribution {
    /// What this event adds to it, in its unit; nothing, if it is not about that.
    #[must_use]
    pub fn of(&self, event: &Event<'_>) -> Option<f64> {
        (self.of)(event)
    }

    /// Whether it is shown of a name also while it is empty, as far as an adapter can: what is there at 0 from the start has a
    /// first value that `rate()` sees. One that is not expected is shown once something was added.
    #[must_use]
    pub fn is_expected_of(&self, family: &FamilyStats) -> bool {
        (self.expected)(family)
    }

    /// The name as Prometheus spells it: underscores, then the unit.
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        super::prometheus(self.name, self.unit)
    }
}

impl std::fmt::Debug for Distribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Distribution").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every distribution there is, in the order in which a page shows them.
pub static DISTRIBUTIONS: &[Distribution] = &[
    Distribution {
        name: "queue.dwell",
        unit: Unit::Seconds,
        help: "Time from put to get, of sampled items.",
        reading: "`histogram_quantile(0.99, sum by (queue_name, le) (rate(queue_dwell_seconds_bucket[5m])))`: what the \
            slowest hundredth waits in the queue. Of about one item in 256.",
        bounds: TIMES,
        of: |event| match event {
            Event::Got { dwell, .. } => seconds(*dwell),
            _ => None,
        },
        expected: is_ours,
    },
    Distribution {
        name: "queue.put_wait",
        unit: Unit::Seconds,
        help: "Completed waits for room, of sampled waits.",
        reading: "What backpressure costs a putter that meets it; how many meet it is in `queue_waits_total`. Of about \
            one wait in eight.",
        bounds: TIMES,
        of: |event| match event {
            Event::Waited { side: Side::Put, took } => seconds(Some(*took)),
            _ => None,
        },
        // Nobody waits for room where there is no bound.
        expected: |family| is_ours(family) && family.capacity.is_some(),
    },
    Distribution {
        name: "queue.process",
        unit: Unit::Seconds,
        help: "Time from get to done, of sampled deliveries.",
        reading: "How long the work takes, of deliveries whose item carries a clock: whoever calls `task_done` has none.",
        bounds: TIMES,
        of: |event| match event {
            Event::Done { took, .. } => seconds(*took),
            _ => None,
        },
        expected: is_ours,
    },
    Distribution {
        name: "queue.batch_size",
        unit: Unit::Count,
        help: "Items got together, of every batch.",
        reading: "`rate(queue_batch_size_sum[5m]) / rate(queue_batch_size_count[5m])`: the mean batch. At its maximum \
            always: batches could be larger.",
        bounds: SIZES,
        of: |event| match event {
            Event::Batch { size } => Some(count(*size)),
            _ => None,
        },
        expected: is_ours,
    },
];

/// From a microsecond to ten seconds, two steps to a factor of ten: an estimated quantile is off by a factor of 1.7 at
/// worst, and a queue costs 18 series and not 25.
const TIMES: &[f64] =
    &[0.000_001, 0.000_003, 0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// From one item to a thousand.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Whether its queues tell of their items: whoever has deliveries or batches will have them at any time, and says so to nobody.
fn is_ours(family: &FamilyStats) -> bool {
    family.known.contains(Known::INSIDE)
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}
