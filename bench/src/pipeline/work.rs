//! Work that takes as long as it is told, and always the same.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Steps whose time says what any number of them takes.
const TRIAL: u32 = 1_000_000;

/// So long a trial takes on this machine, in its best moment.
static TRIAL_TAKES: LazyLock<Duration> =
    LazyLock::new(|| (0..9).map(|_| time(TRIAL.into())).min().expect("nine of them").max(Duration::from_nanos(1)));

/// What a stage does for each item. The amount is fixed, not the time: whoever is interrupted has still to do it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    steps: u64,
}

impl Work {
    /// So much as takes `time`. The first one finds out how much that is.
    pub(super) fn lasting(time: Duration) -> Self {
        let steps = u128::from(TRIAL) * time.as_nanos() / TRIAL_TAKES.as_nanos();
        Self { steps: u64::try_from(steps).unwrap_or(u64::MAX) }
    }

    /// Works on an item, and returns it.
    pub(super) fn on(self, number: u64) -> u64 {
        spin(self.steps);
        number
    }

    /// As [`on`](Self::on) for the last stage, which has somewhere to put what comes of it: all of its workers the same
    /// place, as they would have one database.
    pub(super) fn store(self, number: u64, sum: &AtomicU64) {
        sum.fetch_add(self.on(number), Ordering::Relaxed);
    }
}

/// Multiplications that wait for each other, compiled once for all contenders. Steps that could be done at once would take
/// up to twice as long whenever the other thread of the core has something to do, and that thread is somebody else's.
#[inline(never)]
fn spin(steps: u64) {
    let end = (0..steps).fold(black_box(1_u64), |so_far, _| so_far.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 1);
    black_box(end);
}

fn time(steps: u64) -> Duration {
    let started = Instant::now();
    spin(steps);
    started.elapsed()
}
