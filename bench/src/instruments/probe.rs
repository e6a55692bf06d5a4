//! One setting, measured in the process that it is for.

use std::fmt;
use std::time::{Duration, Instant};

use super::Setting;
use crate::peers::{NAME, Ours, Tasks};
use crate::runtime::Flavor::{CurrentThread, TwoWorkers};
use crate::shape::{burst, flow};

/// What goes through the queue meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Traffic {
    Burst,
    CurrentThread,
    TwoWorkers,
}

impl Traffic {
    pub(crate) const ALL: [Self; 3] = [Self::Burst, Self::CurrentThread, Self::TwoWorkers];

    /// Moves about `items` items; nanoseconds each.
    fn run(self, items: u64) -> f64 {
        let (tx, rx) = Ours::tasks(100);
        match self {
            Self::Burst => burst::<u64, _, _>((tx, rx), 100, items),
            Self::CurrentThread => flow(CurrentThread, vec![tx], vec![rx], items),
            Self::TwoWorkers => flow(TwoWorkers, vec![tx], vec![rx], items),
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Burst => "burst of 100, one thread",
            Self::CurrentThread => "1-to-1, ct, capacity 100",
            Self::TwoWorkers => "1-to-1, mt, capacity 100",
        })
    }
}

/// The mean of each traffic under `setting`, over about `length` each.
///
/// # Errors
/// If this program was built with counting and is asked for what it costs without.
pub(crate) fn probe(setting: Setting, length: Duration) -> Result<Vec<f64>, String> {
    if setting == Setting::Uncounted && counts() {
        return Err("this program counts: the core took no notice of how it was built".into());
    }
    let _on = setting.turn_on();
    Ok(Traffic::ALL.iter().map(|traffic| mean(*traffic, length)).collect())
}

/// Whether this build counts: what was put falls out of the items' numbers in any case, so it is the peak that tells.
fn counts() -> bool {
    let queue = queue_core::Queue::<u64>::bounded(NAME, 1);
    queue.try_put(0).expect("there is room for one");
    queue.try_get().expect("it is there");
    queue.stats().depth_peak > 0
}

/// Many flows one after the other, as long as a flow of a contest each, and the mean of all of them.
fn mean(traffic: Traffic, length: Duration) -> f64 {
    const ITEMS: u64 = 50_000;
    traffic.run(ITEMS);
    let (started, mut sum, mut runs) = (Instant::now(), 0.0, 0_u32);
    while runs == 0 || started.elapsed() < length {
        sum += traffic.run(ITEMS);
        runs += 1;
    }
    sum / f64::from(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_counts_can_be_measured() {
        for setting in Setting::ALL.into_iter().filter(|setting| *setting != Setting::Uncounted) {
            let means = probe(setting, Duration::ZERO).expect("it counts");
            assert!(means.iter().all(|mean| *mean > 0.0), "{setting}: {means:?}");
        }
    }

    #[test]
    fn a_build_that_counts_does_not_pass_for_one_that_does_not() {
        assert_eq!(probe(Setting::Uncounted, Duration::ZERO).is_err(), counts());
    }
}
