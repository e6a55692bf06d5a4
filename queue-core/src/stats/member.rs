//! What a queue and the place where it is found ask of each other; neither knows more.

use std::time::Duration;

use crate::stats::{Known, QueueStats};

/// A queue, as a reader sees it.
pub(crate) trait Member: Send + Sync {
    /// Its snapshot now.
    fn stats(&self) -> QueueStats;
    /// Whether a handle lives: if none does, only its totals count.
    fn is_living(&self) -> bool;
    /// Which of its numbers it knows.
    fn known(&self) -> Known {
        Known::ALL
    }
    /// Asks its observers again what they want to be told.
    fn renew_interest(&self) {}
    /// Takes over new settings.
    fn tune(&self, tuning: Tuning);
}

/// The list that a queue is on.
pub(crate) trait Roll: Send + Sync {
    /// The queue in `seat` will not count any more: keep its totals, let it go.
    fn strike(&self, seat: usize);
}

/// Settings that come from outside of the code that built the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tuning {
    /// From which share of its capacity on a queue counts as saturated.
    pub(crate) saturation: f64,
    /// How far back the peak depth looks.
    pub(crate) peak_window: Duration,
    /// The bound that is set for the queue's name; `None`: as the code that built it has it.
    pub(crate) capacity: Option<usize>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { saturation: 0.8, peak_window: Duration::from_secs(60), capacity: None }
    }
}
