//! Where a depth is going: the slope of its last samples, silent while they are noise.
//!
//! The slope is the median of the slopes of all pairs of samples (Theil 1950, "A rank-invariant method of linear and
//! polynomial regression analysis"; Sen 1968, "Estimates of the regression coefficient based on Kendall's tau"): up to 29
//! per cent of the samples may be anything at all without moving it far. Whether there is a trend is told by the signs
//! of the same slopes (Mann 1945, "Nonparametric tests against trend"; Kendall 1975, "Rank correlation methods", for the
//! variance with ties).

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::time::Duration;

use queue_core::stats::Known;
use queue_core::{FamilyStats, Sample};

/// So many samples are looked at: 435 pairs.
const WINDOW: usize = 30;

/// Standard deviations of Kendall's S that a trend has to be away from none: by chance alone this is seen once in 1,000
/// times, in either direction. Seven samples that only rise are 3.0; it takes eight.
const CERTAIN: f64 = 3.29;

/// The last depths of one queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trend {
    /// When (seconds) and how deep.
    points: VecDeque<(f64, f64)>,
    /// Of these points, once somebody asked.
    slope: OnceCell<Option<f64>>,
}

impl Trend {
    /// Takes a sample in. A queue that is not there, or whose depth nobody knows, begins anew.
    pub(crate) fn push(&mut self, sample: &Sample) {
        self.slope.take();
        let at = sample.at.as_secs_f64();
        let stats = &sample.stats;
        let went_back = self.points.back().is_some_and(|(last, _)| *last >= at);
        if stats.instances == 0 || !stats.known.contains(Known::DEPTH) || went_back {
            self.points.clear();
        }
        if stats.instances > 0 && stats.known.contains(Known::DEPTH) {
            self.points.push_back((at, count(stats.depth)));
        }
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
    }

    /// Forgets everything: the samples have stopped.
    pub(crate) fn clear(&mut self) {
        self.points.clear();
        self.slope.take();
    }

    /// Items a second that the depth rises by, negative while it falls; `None` if that cannot be told from noise.
    ///
    /// The newer half has to agree: what has stopped to rise a while ago is no trend any more.
    pub(crate) fn slope(&self) -> Option<f64> {
        *self.slope.get_or_init(|| {
            let points: Vec<_> = self.points.iter().copied().collect();
            let slope = certain(&points)?;
            let newer = median(&mut slopes(&points[points.len() / 2..]))?;
            (newer.signum() == slope.signum() && newer != 0.0).then_some(slope)
        })
    }
}

/// Until the queue is full, in seconds; `None` while it is not filling, or has no bound.
pub(crate) fn time_to_full(stats: &FamilyStats, slope: Option<f64>) -> Option<f64> {
    let slope = slope.filter(|slope| *slope > 0.0)?;
    let capacity = count(stats.capacity?);
    Some((capacity - count(stats.depth)).max(0.0) / slope)
}

/// Until the queue is empty, in seconds; `None` while it is not emptying.
pub(crate) fn time_to_empty(stats: &FamilyStats, slope: Option<f64>) -> Option<f64> {
    let slope = slope.filter(|slope| *slope < 0.0)?;
    Some(count(stats.depth) / -slope)
}

/// The slope, if there certainly is one.
fn certain(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = slopes(points);
    let rising = slopes.iter().filter(|slope| **slope > 0.0).count();
    let falling = slopes.iter().filter(|slope| **slope < 0.0).count();
    let score = count(rising) - count(falling);
    // Kendall's correction for a score that moves in steps of two.
    let certainty = (score.abs() - 1.0) / variance(points).sqrt();
    if certainty >= CERTAIN { median(&mut slopes).filter(|slope| *slope != 0.0) } else { None }
}

/// The variance of Kendall's S for so many depths in any order, some of which may be alike.
fn variance(points: &[(f64, f64)]) -> f64 {
    let share = |number: usize| {
        let number = count(number);
        number * (number - 1.0) * (2.0 * number + 5.0)
    };
    let mut depths: Vec<f64> = points.iter().map(|(_, depth)| *depth).collect();
    depths.sort_by(f64::total_cmp);
    let alike: f64 = depths.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(|group| share(group.len())).sum();
    (share(points.len()) - alike) / 18.0
}

/// The slope of every pair.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (index, (at, depth)) in points.iter().enumerate() {
        slopes.extend(points[..index].iter().map(|(before, level)| (depth - level) / (at - before)));
    }
    slopes
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if below.len() > values.len() - middle - 1 {
        let lower = values[..middle].iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
        return Some((lower + upper) / 2.0);
    }
    Some(upper)
}

/// As seconds since the monitor began, for what prints them.
pub(crate) fn eta(stats: &FamilyStats, trend: Option<&Trend>) -> Option<Duration> {
    let seconds = time_to_full(stats, trend?.slope())?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[allow(clippy::cast_precision_loss)]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dice, family};

    /// The slopes as they are told while these depths come in, one every ten seconds.
    fn told(depths: impl IntoIterator<Item = usize>) -> Vec<Option<f64>> {
        let mut trend = Trend::default();
        let slopes = depths.into_iter().zip(1..).map(|(depth, pass)| {
            let at = Duration::from_secs(10 * pass);
            trend.push(&Sample { stats: family("a", depth), at, ..Sample::default() });
            trend.slope()
        });
        slopes.collect()
    }

    #[test]
    fn a_steady_trend_is_known_after_eight_samples_and_exact() {
        let slopes = told((0..40).map(|pass| 20 * pass));
        assert_eq!(slopes[..7], [None; 7]);
        assert!(slopes[7..].iter().all(|slope| *slope == Some(2.0)), "{slopes:?}");
        assert_eq!(told((0..9).map(|pass| 100 - 10 * pass)).pop().flatten(), Some(-1.0));
    }

    #[test]
    fn outliers_do_not_move_it() {
        let depths = (0..30).map(|pass| if pass % 5 == 2 { 0 } else { 100 + 10 * pass });
        let slope = told(depths).pop().flatten().unwrap();
        assert!((slope - 1.0).abs() < 0.1, "{slope}");
    }

    #[test]
    fn noise_is_no_trend() {
        let (mut dice, mut told_anything, mut passes) = (Dice(0x9e37_79b9_7f4a_7c15), 0, 0);
        for _ in 0..100 {
            let slopes = told((0..100).map(|_| dice.below(100)));
            told_anything += slopes.iter().flatten().count();
            passes += slopes.len();
        }
        assert!(told_anything * 200 < passes, "{told_anything} of {passes}");
    }

    #[test]
    fn a_level_depth_and_a_swinging_one_are_no_trend() {
        assert_eq!(told([50; 40]).into_iter().flatten().count(), 0);
        assert_eq!(told((0..60).map(|pass| 50 + 40 * (pass % 2))).into_iter().flatten().count(), 0);
    }

    #[test]
    fn a_trend_that_has_ended_is_forgotten_while_half_of_it_is_still_in_sight() {
        let depths = (0..30).map(|pass| 10 * pass).chain([300; 16]);
        assert_eq!(told(depths).pop().flatten(), None);
    }

    #[test]
    fn times_come_from_the_slope_and_what_is_left() {
        let stats = family("a", 40);
        assert_eq!(time_to_full(&stats, Some(2.0)), Some(30.0));
        assert_eq!(time_to_empty(&stats, Some(-2.0)), Some(20.0));
        for slope in [None, Some(0.0), Some(-2.0)] {
            assert_eq!(time_to_full(&stats, slope), None);
        }
        for slope in [None, Some(0.0), Some(2.0)] {
            assert_eq!(time_to_empty(&stats, slope), None);
        }
        assert_eq!(time_to_full(&family("a", 120), Some(2.0)), Some(0.0), "over its bound");
        let unbounded = FamilyStats { capacity: None, ..stats };
        assert_eq!(time_to_full(&unbounded, Some(2.0)), None);
    }

    #[test]
    fn a_clock_that_goes_back_and_a_queue_that_is_gone_begin_anew() {
        let mut trend = Trend::default();
        let sample = |pass: u64| {
            let stats = family("a", usize::try_from(10 * pass).unwrap());
            Sample { stats, at: Duration::from_secs(10 * pass), ..Sample::default() }
        };
        (1..=8).for_each(|pass| trend.push(&sample(pass)));
        assert!(trend.slope().is_some());
        let mut gone = sample(9);
        gone.stats.instances = 0;
        for end in [sample(8), sample(3), gone] {
            let mut trend = trend.clone();
            trend.push(&end);
            assert_eq!(trend.slope(), None, "{end:?}");
        }
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        for (values, middle) in [
            (&mut [][..], None),
            (&mut [7.0], Some(7.0)),
            (&mut [2.0, 1.0], Some(1.5)),
            (&mut [10.0, 1.0, 2.0], Some(2.0)),
            (&mut [10.0, 1.0, 3.0, 2.0], Some(2.5)),
            (&mut [5.0, 4.0, 3.0, 1.0, 2.0], Some(3.0)),
        ] {
            assert_eq!(median(values), middle, "{values:?}");
        }
    }

    #[test]
    fn depths_that_are_alike_speak_neither_for_a_trend_nor_against_it() {
        // Of nine, 36 pairs, 4 are level: S is 32, its deviation sqrt(88), so it is away from none by 3.30 of them.
        let stairs = (0..10).map(|pass| (f64::from(pass), f64::from(pass / 2))).collect::<Vec<_>>();
        let (before, last) = (variance(&stairs[..8]), variance(&stairs[..9]));
        assert!((before - 1104.0 / 18.0).abs() < 1e-9 && (last - 88.0).abs() < 1e-9, "{before}, {last}");
        let up = told((0..9).map(|pass| 10 * (pass / 2)));
        let down = told((0..9).map(|pass| 90 - 10 * (pass / 2)));
        assert!(up[..8].iter().chain(&down[..8]).all(Option::is_none), "{up:?}, {down:?}");
        assert!(up[8].is_some_and(|slope| slope > 0.0) && down[8].is_some_and(|slope| slope < 0.0), "{up:?}, {down:?}");
    }

    #[test]
    fn two_samples_out_of_nine_out_of_order_are_too_many_and_one_is_not() {
        // S is 32 of 36: 3.23 deviations, with Kendall's correction; without it would be 3.34.
        assert_eq!(told([10, 0, 20, 40, 30, 50, 60, 70, 80]).pop().flatten(), None);
        assert!(told([10, 0, 20, 30, 40, 50, 60, 70, 80]).pop().flatten().is_some());
    }

    #[test]
    fn no_more_is_kept_than_is_looked_at_and_nothing_of_a_queue_that_is_gone() {
        let mut trend = Trend::default();
        let sample = |pass: u64| Sample { stats: family("a", 1), at: Duration::from_secs(pass), ..Sample::default() };
        for pass in 1..=40 {
            trend.push(&sample(pass));
            assert_eq!(trend.points.len(), WINDOW.min(usize::try_from(pass).unwrap()));
        }
        let mut gone = sample(41);
        gone.stats.instances = 0;
        trend.push(&gone);
        assert!(trend.points.is_empty(), "a queue that is gone has no depth");
        trend.push(&sample(42));
        trend.clear();
        assert!(trend.points.is_empty());
    }
}
