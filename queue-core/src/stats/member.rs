//! What a queue and the place where it is found ask of each other; neither knows more.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::stats::{Known, QueueStats, Totals};

/// A queue, as a reader sees it.
pub(crate) trait Member: Send + Sync {
    /// Its snapshot now, without its name.
    fn stats(&self) -> QueueStats;
    /// Its own name, where it knows that; its family may have another.
    fn name(&self) -> &str {
        ""
    }
    /// Whether anybody ever asked for its snapshot, so that time may have been taken into account.
    fn was_read(&self) -> bool {
        true
    }
    /// What it has counted, at its end, if anything: nothing is buffered and nobody waits, so no time has to be taken into
    /// account.
    fn totals(&self) -> Option<Totals>;
    /// Whether it lives although nobody has a handle, as one that is not ours may: if it does not, only its totals count.
    fn lives_by_itself(&self) -> bool {
        false
    }
    /// Which of its numbers it knows.
    fn known(&self) -> Known {
        Known::ALL
    }
    /// Asks its observers again what they want to be told.
    fn renew_interest(&self) {}
    /// Takes over new settings.
    fn tune(&self, tuning: Tuning);
}

/// Settings that come from outside of the code that built the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tuning {
    /// From which share of its capacity on a queue counts as saturated.
    pub(crate) saturation: f64,
    /// How far back the peak depth looks.
    pub(crate) peak_window: Duration,
    /// The bound that is set for the queue's name; `None`: as the code that built it has it.
    pub(crate) capacity: Option<NonZeroUsize>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { saturation: 0.8, peak_window: Duration::from_secs(60), capacity: None }
    }
}
