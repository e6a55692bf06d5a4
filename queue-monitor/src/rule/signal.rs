//! What a sample says about a signal.

use std::time::Duration;

use queue_core::Sample;
use queue_core::stats::Known;

use super::trend::{Trend, time_to_empty, time_to_full};
use crate::config::Signal;

/// Reads `signal` off `sample`, in its own unit (share 0..=1, seconds, items, items a second).
///
/// `None` is no value: the queue is unbounded, the sample is the first of its name, no queue of the name lives, or it
/// is not ours and does not know. An age or a stall of nothing is 0, as the metrics have it.
pub(crate) fn read(signal: Signal, sample: &Sample, trend: Option<&Trend>) -> Option<f64> {
    let stats = &sample.stats;
    if stats.instances == 0 {
        return None;
    }
    let known = |part: Known| stats.known.contains(part);
    let slope = || trend.and_then(Trend::slope);
    let value = match signal {
        Signal::Utilization => sample.utilization,
        Signal::UtilizationPeak => utilization_peak(sample).filter(|_| known(Known::INSIDE)),
        Signal::Depth => known(Known::DEPTH).then(|| count(stats.depth)),
        Signal::DepthPeak => known(Known::INSIDE).then(|| count(stats.depth_peak)),
        // As in the metrics: where nobody finishes anything, it is a number that only grows.
        Signal::Unfinished => (known(Known::UNFINISHED) && (stats.totals.done() > 0 || !known(Known::DONE_OK)))
            .then(|| count(stats.unfinished)),
        Signal::OldestAge => known(Known::OLDEST_AGE).then(|| seconds(stats.oldest_age)),
        Signal::LongestPutWait => known(Known::INSIDE).then_some(stats.longest_put_wait.as_secs_f64()),
        Signal::Dwell => sample.dwell.map(|dwell| dwell.as_secs_f64()),
        Signal::Stalled => known(Known::INSIDE).then(|| seconds(stats.stalled)),
        Signal::PutRate => sample.put_rate,
        Signal::GetRate => sample.get_rate,
        Signal::DropRate => sample.drop_rate,
        Signal::RejectRate => sample.reject_rate,
        Signal::Growth => sample.growth,
        Signal::BlockedRatio => sample.blocked_ratio,
        Signal::FailedRatio => sample.failed_ratio,
        Signal::TimeToFull => time_to_full(stats, slope()),
        Signal::TimeToEmpty => time_to_empty(stats, slope()),
    };
    value.filter(|value| value.is_finite())
}

/// The peak is that of the fullest queue of the name, so it is held against the room of one: exact for a single queue and
/// for queues of one size.
fn utilization_peak(sample: &Sample) -> Option<f64> {
    let stats = &sample.stats;
    let room = count(stats.capacity.filter(|capacity| *capacity > 0)?) / count(stats.instances);
    Some((count(stats.depth_peak) / room).min(1.0))
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
    use queue_core::{FamilyStats, Totals};

    use super::*;

    fn busy() -> Sample {
        Sample {
            stats: FamilyStats {
                name: "a".into(),
                instances: 2,
                capacity: Some(20),
                depth: 7,
                depth_peak: 9,
                unfinished: 11,
                oldest_age: Some(Duration::from_millis(1500)),
                stalled: Some(Duration::from_secs(3)),
                longest_put_wait: Duration::from_secs(4),
                totals: Totals { done_ok: 1, ..Totals::default() },
                ..FamilyStats::default()
            },
            at: Duration::from_secs(90),
            utilization: Some(0.5),
            dwell: Some(Duration::from_millis(250)),
            put_rate: Some(5.0),
            get_rate: Some(6.0),
            drop_rate: Some(0.25),
            reject_rate: Some(0.125),
            growth: Some(-2.0),
            blocked_ratio: Some(0.75),
            failed_ratio: Some(0.1),
            ..Sample::default()
        }
    }

    /// Rising by one item in ten seconds, or falling.
    fn trend(rising: bool) -> Trend {
        let mut trend = Trend::default();
        for pass in 0..=8_usize {
            let depth = if rising { pass } else { 15 - pass };
            let at = Duration::from_secs(10 * u64::try_from(pass).unwrap());
            trend.push(&Sample { stats: FamilyStats { depth, ..busy().stats }, at, ..Sample::default() });
        }
        trend
    }

    #[test]
    fn each_signal_has_its_own_number() {
        let values = Signal::ALL.map(|signal| read(signal, &busy(), None));
        let levels = [0.5, 0.9, 7.0, 9.0, 11.0, 1.5, 4.0, 0.25, 3.0];
        let rates = [5.0, 6.0, 0.25, 0.125, -2.0, 0.75, 0.1];
        let expected: Vec<_> = levels.into_iter().chain(rates).map(Some).chain([None, None]).collect();
        assert_eq!(values.to_vec(), expected);
        let ends = |rising| {
            [Signal::TimeToFull, Signal::TimeToEmpty].map(|signal| read(signal, &busy(), Some(&trend(rising))))
        };
        assert_eq!((ends(true), ends(false)), ([Some(130.0), None], [None, Some(70.0)]));
    }

    #[test]
    fn what_is_not_known_has_no_value() {
        let mut foreign = Sample { stats: FamilyStats { known: Known::NONE, ..busy().stats }, ..Sample::default() };
        assert_eq!(Signal::ALL.map(|signal| read(signal, &foreign, None)), [None; Signal::ALL.len()]);
        foreign.stats.known = Known::DEPTH;
        assert_eq!(read(Signal::Depth, &foreign, None), Some(7.0));
        foreign.stats.known = Known::UNFINISHED;
        (foreign.stats.unfinished, foreign.stats.totals.done_ok) = (3, 0);
        assert_eq!(
            read(Signal::Unfinished, &foreign, None),
            Some(3.0),
            "who does not count what is done may know this"
        );
    }

    #[test]
    fn what_nobody_finishes_is_no_number_of_unfinished_items() {
        let mut unfinished = busy();
        unfinished.stats.totals = Totals::default();
        assert_eq!(read(Signal::Unfinished, &unfinished, None), None);
    }

    #[test]
    fn a_queue_without_any_room_has_no_share_of_it() {
        let mut closed = busy();
        closed.stats.capacity = Some(0);
        assert_eq!(read(Signal::UtilizationPeak, &closed, None), None);
    }

    #[test]
    fn an_unbounded_queue_has_no_share_of_its_room() {
        let mut unbounded = busy();
        (unbounded.stats.capacity, unbounded.utilization) = (None, None);
        let signals = [Signal::Utilization, Signal::UtilizationPeak, Signal::TimeToFull];
        assert_eq!(signals.map(|signal| read(signal, &unbounded, Some(&trend(true)))), [None; 3]);
    }

    #[test]
    fn a_name_without_a_living_queue_has_no_value() {
        let mut gone = busy();
        gone.stats.instances = 0;
        assert_eq!(Signal::ALL.map(|signal| read(signal, &gone, None)), [None; Signal::ALL.len()]);
    }

    #[test]
    fn what_is_not_a_number_is_no_value() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let odd = Sample { utilization: Some(value), growth: Some(value), ..busy() };
            assert_eq!((read(Signal::Utilization, &odd, None), read(Signal::Growth, &odd, None)), (None, None));
        }
    }

    #[test]
    fn an_empty_queue_is_zero_old_and_stalls_for_zero_seconds() {
        let mut empty = busy();
        (empty.stats.oldest_age, empty.stats.stalled) = (None, None);
        assert_eq!(
            (read(Signal::OldestAge, &empty, None), read(Signal::Stalled, &empty, None)),
            (Some(0.0), Some(0.0))
        );
    }
}
