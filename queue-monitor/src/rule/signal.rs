//! What a sample says about a signal.

use std::time::Duration;

use queue_core::Sample;

use crate::config::Signal;

/// Reads `signal` off `sample`, in its own unit (share 0..=1, seconds, items, items a second).
///
/// `None` is no value: the queue is unbounded, the sample is the first of its name, or no queue of the name lives.
/// An age or a stall of nothing is 0, as the metrics have it.
pub(crate) fn read(signal: Signal, sample: &Sample) -> Option<f64> {
    let stats = &sample.stats;
    if stats.instances == 0 {
        return None;
    }
    let value = match signal {
        Signal::Utilization => sample.utilization,
        Signal::Depth => Some(count(stats.depth)),
        Signal::Growth => sample.growth,
        Signal::OldestAge => Some(seconds(stats.oldest_age)),
        Signal::DropRate => sample.drop_rate,
        Signal::Stalled => Some(seconds(stats.stalled)),
    };
    value.filter(|value| value.is_finite())
}

fn seconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64()
}

#[allow(clippy::cast_precision_loss)]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use queue_core::FamilyStats;

    use super::*;

    const ALL: [Signal; 6] =
        [Signal::Utilization, Signal::Depth, Signal::Growth, Signal::OldestAge, Signal::DropRate, Signal::Stalled];

    fn busy() -> Sample {
        Sample {
            stats: FamilyStats {
                name: "a".into(),
                instances: 1,
                capacity: Some(10),
                depth: 7,
                oldest_age: Some(Duration::from_millis(1500)),
                stalled: Some(Duration::from_secs(3)),
                ..FamilyStats::default()
            },
            utilization: Some(0.5),
            growth: Some(-2.0),
            drop_rate: Some(0.25),
            ..Sample::default()
        }
    }

    #[test]
    fn each_signal_has_its_own_number() {
        let values = ALL.map(|signal| read(signal, &busy()));
        assert_eq!(values, [0.5, 7.0, -2.0, 1.5, 0.25, 3.0].map(Some));
    }

    #[test]
    fn a_name_without_a_living_queue_has_no_value() {
        let mut gone = busy();
        gone.stats.instances = 0;
        assert_eq!(ALL.map(|signal| read(signal, &gone)), [None; 6]);
    }

    #[test]
    fn what_is_not_a_number_is_no_value() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let odd = Sample { utilization: Some(value), growth: Some(value), ..busy() };
            assert_eq!((read(Signal::Utilization, &odd), read(Signal::Growth, &odd)), (None, None));
        }
    }

    #[test]
    fn an_empty_queue_is_zero_old_and_stalls_for_zero_seconds() {
        let mut empty = busy();
        (empty.stats.oldest_age, empty.stats.stalled) = (None, None);
        assert_eq!((read(Signal::OldestAge, &empty), read(Signal::Stalled, &empty)), (Some(0.0), Some(0.0)));
    }
}
