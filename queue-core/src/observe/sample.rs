//! What one sampling interval said of one name.

use std::time::Duration;

use crate::stats::FamilyStats;

/// What was measured over one sampling interval, beside the levels at its end.
///
/// Rates and means come from two consecutive snapshots; they are `None` in the first sample of a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The snapshot at the end of the interval; `stats.name` is the queue.
    pub stats: FamilyStats,
    /// Monotonic time of the snapshot, since the sampler began.
    pub at: Duration,
    /// Time since the snapshot before; zero in the first sample.
    pub interval: Duration,
    /// Exact time-weighted mean of depth / capacity over the interval; `None` when unbounded.
    pub utilization: Option<f64>,
    /// Exact mean time in the queue over the interval, by Little's law; `None` when nothing was got.
    pub dwell: Option<Duration>,
    /// Items accepted a second.
    pub put_rate: Option<f64>,
    /// Items delivered a second.
    pub get_rate: Option<f64>,
    /// Items let go a second.
    pub drop_rate: Option<f64>,
    /// Items given back a second.
    pub reject_rate: Option<f64>,
    /// Change of depth, items a second; negative while draining.
    pub growth: Option<f64>,
    /// Share of the interval with a putter waiting.
    pub blocked_ratio: Option<f64>,
    /// Failed of all that were done; `None` when nothing was done.
    pub failed_ratio: Option<f64>,
}
