//! Counted into buckets: an observer adds, a reader reads, and neither waits for the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use queue_core::observe::{Event, Interest, Observer, QueueInfo};
use queue_core::stats::catalogue::DISTRIBUTIONS;
use queue_core::{FamilyStats, Registry};

use super::{Buckets, PerName};

/// The histograms of all names: those who look at them have the buckets that they asked for.
#[derive(Debug)]
pub(crate) struct Counted {
    buckets: Buckets,
    kept: PerName<Vec<Histogram>>,
}

impl Counted {
    pub(crate) fn new(registry: &Registry, buckets: Buckets) -> Self {
        Self { buckets, kept: PerName::new(registry) }
    }

    /// The bounds of the buckets of the row at `place` of the table.
    pub(crate) fn bounds(&self, place: usize) -> &[f64] {
        self.buckets.of(place)
    }

    /// What was counted of `family` for the row at `place` of the table; nothing, if that is not to be shown.
    pub(crate) fn read(&self, place: usize, family: &FamilyStats) -> Option<Reading> {
        let kept = self.kept.get(&family.name);
        let reading = kept.map_or_else(|| Reading::empty(self.bounds(place)), |kept| kept[place].read());
        (reading.count() > 0 || DISTRIBUTIONS[place].is_expected_of(family)).then_some(reading)
    }

    fn add(&self, name: &str, place: usize, value: f64) {
        let histograms = |_: &Arc<str>| (0..DISTRIBUTIONS.len()).map(|at| Histogram::of(self.buckets.of(at))).collect();
        if let Some(kept) = self.kept.get_or_make(name, histograms) {
            kept[place].add(self.buckets.of(place), value);
        }
    }
}

impl Observer for Counted {
    fn interest(&self) -> Interest {
        Interest::MEASURED
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        for (place, row) in DISTRIBUTIONS.iter().enumerate() {
            if let Some(value) = row.of(event) {
                self.add(&queue.name, place, value);
            }
        }
    }
}

/// What fell into each bucket. A reader may see an event in the buckets and not yet in the sum.
#[derive(Debug)]
struct Histogram {
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl Histogram {
    fn of(bounds: &[f64]) -> Self {
        Self { counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    fn add(&self, bounds: &[f64], value: f64) {
        let bucket = bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let plus = |sum: u64| Some((f64::from_bits(sum) + value).to_bits());
        // It never refuses.
        let _ = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, plus);
    }

    fn read(&self) -> Reading {
        let mut count = 0;
        let up_to = |bucket: &AtomicU64| {
            count += bucket.load(Ordering::Relaxed);
            count
        };
        let up_to = self.counts.iter().map(up_to).collect();
        Reading { up_to, sum: f64::from_bits(self.sum.load(Ordering::Relaxed)) }
    }
}

/// One histogram, as it stood.
#[derive(Debug)]
pub(crate) struct Reading {
    /// How many were not above each bound, and how many there were in all.
    pub(crate) up_to: Vec<u64>,
    /// Of the values.
    pub(crate) sum: f64,
}

impl Reading {
    fn empty(bounds: &[f64]) -> Self {
        Self { up_to: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    pub(crate) fn count(&self) -> u64 {
        self.up_to.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_falls_into_the_buckets_that_it_is_not_above() {
        let bounds = [1.0, 2.0, 4.0];
        let histogram = Histogram::of(&bounds);
        [0.0, 1.0, 1.5, 4.0, 4.5, 100.0].into_iter().for_each(|value| histogram.add(&bounds, value));
        let reading = histogram.read();
        assert_eq!((&reading.up_to[..], reading.count(), reading.sum), (&[2, 3, 4, 6][..], 6, 111.0));
    }

    #[test]
    fn nothing_is_lost_when_many_add_at_once() {
        let bounds = [1.0];
        let histogram = Histogram::of(&bounds);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| histogram.add(&bounds, 0.5)));
            }
        });
        assert_eq!((histogram.read().count(), histogram.read().sum), (40_000, 20_000.0));
    }
}
