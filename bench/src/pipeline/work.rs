//! Ten microseconds of work that always are the same work.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What a stage does for each item.
const WORK: Duration = Duration::from_micros(10);

/// So many rounds of the loop take that long on this machine, in its best moment.
static ROUNDS: LazyLock<u64> = LazyLock::new(|| {
    let trial = 1_000_000;
    let best = (0..9).map(|_| time(trial)).min().expect("nine of them");
    u64::try_from(u128::from(trial) * WORK.as_nanos() / best.as_nanos().max(1)).expect("a machine is not that fast")
});

/// Finds out, before anything is measured, how much work that is.
pub(crate) fn calibrate() {
    LazyLock::force(&ROUNDS);
}

/// Works on an item, and returns it. The amount is fixed, not the time: whoever is interrupted has still to do it.
pub(super) fn work(number: u64) -> u64 {
    spin(*ROUNDS);
    number
}

/// Compiled once: within another function of each contender it would be another loop, and the work not the same.
#[inline(never)]
fn spin(rounds: u64) {
    for round in 0..rounds {
        black_box(round);
    }
}

fn time(rounds: u64) -> Duration {
    let started = Instant::now();
    spin(rounds);
    started.elapsed()
}
