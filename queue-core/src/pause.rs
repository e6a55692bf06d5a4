//! A pause of a known length.
//!
//! A processor's hint that a thread spins takes ten nanoseconds on one, twenty-five on the next and more than forty on a
//! third, and how long one waits decides whether two threads are in each other's way. So the first who waits measures it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

/// What the lengths of pauses are said in, in nanoseconds.
const UNIT: u32 = 10;

/// Hints in so many units; 0 while nobody has measured them.
static HINTS: Rate = Rate(AtomicU32::new(0));

/// Waits a little for another thread: about `units` of ten nanoseconds, and one hint at least.
pub(crate) fn pause(units: usize) {
    hint(HINTS.of(units, measure));
}

#[inline]
fn hint(times: usize) {
    (0..times).for_each(|_| std::hint::spin_loop());
}

/// How many hints take as long as [`UNITS`](Self::UNITS).
struct Rate(AtomicU32);

impl Rate {
    const UNITS: u32 = 1 << 8;
    /// Hints of 160 nanoseconds to those of one: beyond that it was not the processor that was measured.
    const LEAST: u32 = Self::UNITS * UNIT / 160;
    const MOST: u32 = Self::UNITS * UNIT;

    /// How many hints take so many units of time.
    fn of(&self, units: usize, measure: impl FnOnce() -> u64) -> usize {
        let rate = match self.0.load(Relaxed) {
            0 => self.begin(measure()),
            rate => rate,
        };
        (units * rate as usize / Self::UNITS as usize).max(1)
    }

    /// From now on [`SAMPLE`] hints are known to take so many nanoseconds.
    #[cold]
    fn begin(&self, nanos: u64) -> u32 {
        let hints = u64::from(Self::UNITS * UNIT) * SAMPLE as u64 / nanos.max(1);
        let rate = u32::try_from(hints).unwrap_or(u32::MAX).clamp(Self::LEAST, Self::MOST);
        self.0.store(rate, Relaxed);
        rate
    }
}

/// Hints that are measured at a time: a microsecond's, or less.
const SAMPLE: usize = 32;

/// How many nanoseconds [`SAMPLE`] hints take; the shortest of a few tries, as a thread may be stopped in the middle of one.
#[cold]
fn measure() -> u64 {
    let nanos = |_| {
        let start = Instant::now();
        hint(SAMPLE);
        start.elapsed().as_nanos()
    };
    (0..4).map(nanos).min().and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(nanos_a_hint: u64) -> Rate {
        let rate = Rate(AtomicU32::new(0));
        rate.begin(nanos_a_hint * SAMPLE as u64);
        rate
    }

    fn known() -> u64 {
        panic!("it was measured before")
    }

    #[test]
    fn a_pause_has_as_many_hints_as_its_time_takes() {
        assert_eq!([1, 5, 50].map(|units| rate(10).of(units, known)), [1, 5, 50]);
        assert_eq!([1, 5, 50].map(|units| rate(25).of(units, known)), [1, 1, 19], "19 hints of 25 ns and a bit");
        assert_eq!([1, 5, 50].map(|units| rate(5).of(units, known)), [2, 10, 100]);
    }

    #[test]
    fn it_is_measured_once() {
        let rate = Rate(AtomicU32::new(0));
        assert_eq!(rate.of(10, || 20 * SAMPLE as u64), 5);
        assert_eq!(rate.of(10, known), 5);
    }

    #[test]
    fn a_measurement_that_cannot_be_true_neither_hangs_nor_forgets_to_pause() {
        assert_eq!(rate(0).of(100, known), 1_000, "a clock that stands still");
        assert_eq!(rate(1_000_000).of(100, known), 6, "a thread that was stopped each time");
    }
}
