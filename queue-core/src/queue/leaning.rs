//! Whether a lock for all is to lean to one thread again: when that has long been the only one who was seen to pass.
//!
//! Tasks of a runtime with several workers mostly meet on one of them, where each wakes the other, and move to another one now and
//! then. The lock goes with them: asked to give way, a thread does so in some hundred nanoseconds, which some hundred items make
//! up for.

use crate::sync::{AtomicU8, AtomicU16, Ordering::Relaxed};

/// Written under the lock.
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct Leaning {
    /// How often it was in vain of late, up to a limit; with [`LEANS`](Self::LEANS) while it leans.
    in_vain: AtomicU8,
    /// How often the same thread has passed. While it leans: how many items had moved before.
    passed: AtomicU16,
    /// Who passed last: the lowest bits of the number of its mark.
    last: AtomicU16,
}

impl Leaning {
    const LEANS: u8 = 0x80;
    /// So often the same thread is to pass at first; twice as often each time that it was in vain.
    const LEAST: u16 = 2;
    const MOST_IN_VAIN: u8 = 12;
    /// With fewer items moved meanwhile it was in vain.
    const WORTH: u16 = 64;
    /// As much, if it took much to end it.
    const HARD: u16 = 2048;

    /// Notes that the thread with mark `who` passes, after `moved` items; says whether it is to lean to it from here on.
    #[allow(clippy::cast_possible_truncation, reason = "a difference of the lowest bits will do")]
    pub(super) fn is_due(&self, who: u32, moved: u64, hard: bool) -> bool {
        let (mut in_vain, mut passed) = (self.in_vain.load(Relaxed), self.passed.load(Relaxed));
        let same = self.last.load(Relaxed) == who as u16;
        if in_vain & Self::LEANS != 0 {
            in_vain -= Self::LEANS;
            let worth_it = (moved as u16).wrapping_sub(passed) >= if hard { Self::HARD } else { Self::WORTH };
            // Its owner has stopped it, to wait, and is back: nobody else was there.
            passed = if worth_it { u16::MAX - 1 } else { 0 };
            in_vain = if worth_it { in_vain.saturating_sub(1) } else { (in_vain + 1).min(Self::MOST_IN_VAIN) };
            self.in_vain.store(in_vain, Relaxed);
        }
        passed = if same { passed + 1 } else { 0 };
        let due = passed > Self::LEAST << in_vain;
        if due {
            self.in_vain.store(in_vain | Self::LEANS, Relaxed);
            passed = moved as u16;
        }
        self.passed.store(passed, Relaxed);
        if !same {
            self.last.store(who as u16, Relaxed);
        }
        due
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// Lets threads pass, each time 32 items later, until it is to lean to one; how often they did.
    fn passes(leaning: &Leaning, moved: &mut u64, threads: &[u32]) -> usize {
        let passes = threads.iter().cycle().take(100_000).position(|thread| {
            *moved += 32;
            leaning.is_due(*thread, *moved, false)
        });
        passes.map_or(usize::MAX, |before| before + 1)
    }

    #[test]
    fn it_leans_to_a_thread_that_passes_a_few_times_in_a_row_and_to_none_if_they_take_turns() {
        let (leaning, mut moved) = (Leaning::default(), 0);
        assert_eq!(passes(&leaning, &mut moved, &[7, 8]), usize::MAX);
        assert_eq!(passes(&leaning, &mut moved, &[7]), 4, "the first, and three after it");
    }

    #[test]
    fn it_leans_at_once_to_an_owner_that_comes_back_after_it_was_of_use_and_not_to_another() {
        let (leaning, mut moved) = (Leaning::default(), u64::MAX / 2);
        passes(&leaning, &mut moved, &[7]);
        for _ in 0..3 {
            moved += u64::from(Leaning::WORTH);
            assert_eq!(passes(&leaning, &mut moved, &[7]), 1);
        }
        moved += u64::from(Leaning::WORTH);
        assert_eq!(passes(&leaning, &mut moved, &[8]), 4);
    }

    #[test]
    fn each_time_in_vain_doubles_what_it_takes_and_each_time_of_use_halves_it() {
        let (leaning, mut moved) = (Leaning::default(), 0);
        let in_vain: Vec<_> = (7..40).map(|thread| passes(&leaning, &mut moved, &[thread])).collect();
        assert!(in_vain.windows(2).take(12).all(|two| two[1] > two[0] && two[1] <= 2 * two[0]), "{in_vain:?}");
        assert!(in_vain[12..].iter().all(|often| *often == in_vain[12] && *often < 10_000), "{in_vain:?}");
        let of_use: Vec<_> = (40..60)
            .map(|thread| {
                moved += u64::from(Leaning::HARD);
                passes(&leaning, &mut moved, &[thread])
            })
            .collect();
        assert!(of_use.windows(2).take(11).all(|two| two[1] < two[0]), "{of_use:?}");
        assert_eq!(of_use[19], 4, "{of_use:?}");
    }

    #[test]
    fn what_was_hard_to_end_has_to_be_of_more_use() {
        for (hard, at_once) in [(false, true), (true, false)] {
            let (leaning, mut moved) = (Leaning::default(), 0);
            passes(&leaning, &mut moved, &[7]);
            assert_eq!(leaning.is_due(7, moved + 1_000, hard), at_once);
        }
    }
}
