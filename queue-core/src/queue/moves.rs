//! What has moved, for those who wait a little before they stand in line: seen without the lock, which would stop the very
//! thread that is waited for.
//!
//! Hints: they decide when somebody tries again, and never what comes of it, so no order has to be kept.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::leaning::Leaning;
use crate::observe::Side;
use crate::sync::pause;

/// What has been put and got: it changes with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(u8, u8);

#[allow(clippy::cast_possible_truncation, reason = "the lowest bits will do")]
impl Seen {
    pub(super) fn new(put: u64, got: u64) -> Self {
        Self(put as u8, got as u8)
    }

    /// Whether what one on this side waits for has moved on in `now`.
    fn is_past(self, side: Side, now: Self) -> bool {
        match side {
            Side::Put => now.1 != self.1,
            Side::Get => now.0 != self.0,
        }
    }
}

/// The lowest bits of two counters, written under the lock.
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct Moves {
    put: AtomicU8,
    got: AtomicU8,
    /// Of tasks that wait for room.
    put_patience: Patience,
    /// Of tasks that wait for an item.
    get_patience: Patience,
    /// Whether the lanes are open, so that what moves is seen there: written under the lock, and exact for who has it.
    by_lanes: AtomicBool,
    pub(super) leaning: Leaning,
}

#[allow(clippy::cast_possible_truncation, reason = "the lowest bits will do")]
impl Moves {
    #[inline]
    pub(super) fn put(&self, number: u64) {
        self.put.store(number as u8, Relaxed);
    }

    #[inline]
    pub(super) fn got(&self, number: u64) {
        self.got.store(number as u8, Relaxed);
    }

    #[inline]
    pub(super) fn are_by_lanes(&self) -> bool {
        self.by_lanes.load(Relaxed)
    }

    pub(super) fn go_by_lanes(&self, open: bool) {
        self.by_lanes.store(open, Relaxed);
    }

    pub(super) fn seen(&self) -> Seen {
        Seen(self.put.load(Relaxed), self.got.load(Relaxed))
    }

    /// Whether what a task on this side waits for, which saw `before`, is there in a moment, by what is seen `now`; it mostly
    /// says so, or not, at once.
    #[cold]
    pub(super) fn come_soon(&self, side: Side, before: Seen, now: impl Fn() -> Seen) -> bool {
        let patience = match side {
            Side::Put => &self.put_patience,
            Side::Get => &self.get_patience,
        };
        patience.until(|| before.is_past(side, now()))
    }
}

/// Whether it is of use to wait for a moment.
///
/// On a runtime of one thread a task that waits for another thread mostly ends with that thread parked, and to park and be
/// woken takes microseconds. So it looks for one or two of them whether the other side moves, as long as that is of use:
/// it begins with one look in [`REST`](Self::REST) waits, and after a few in vain that is all it does again. Where there are
/// more workers no task looks: one that is woken mostly runs where its waker did, next to its data.
#[derive(Debug)]
struct Patience(AtomicU8);

impl Default for Patience {
    fn default() -> Self {
        Self(AtomicU8::new(Self::REST))
    }
}

impl Patience {
    /// So many waits go by without a look; below, how many are left.
    const REST: u8 = 63;
    /// Above, how many looks in vain are forgiven.
    const FULL: u8 = Self::REST + 4;

    fn until(&self, is: impl Fn() -> bool) -> bool {
        let left = self.0.load(Relaxed);
        if (1..=Self::REST).contains(&left) {
            self.0.store(left - 1, Relaxed);
            return false;
        }
        let comes = parks_when_idle()
            && (0..4).any(|_| {
                pause(50);
                is()
            });
        self.0.store(
            match left {
                _ if comes => Self::FULL,
                0 => Self::REST,
                left => left - 1,
            },
            Relaxed,
        );
        comes
    }
}

/// Whether this thread would park if its task were the only one.
pub(super) fn parks_when_idle() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::cell::Cell;

    use tokio::runtime::Builder;

    use super::*;
    use crate::Queue;

    /// Lets tasks wait so often, where the other side moves or does not; how often they looked.
    fn looks(patience: &Patience, waits: usize, moves: bool) -> usize {
        let looks = Cell::new(0);
        for _ in 0..waits {
            let asked = Cell::new(false);
            let comes = patience.until(|| {
                asked.set(true);
                moves
            });
            assert_eq!(comes, moves && asked.get());
            looks.set(looks.get() + usize::from(asked.get()));
        }
        looks.get()
    }

    #[test]
    fn a_task_looks_now_and_then_and_each_time_as_long_as_that_is_of_use() {
        Builder::new_current_thread().build().expect("a runtime").block_on(async {
            let patience = Patience::default();
            assert_eq!(looks(&patience, 640, false), 10, "one look in 64 waits");
            assert_eq!(looks(&patience, 163, true), 100, "no rest once the other side moves");
            assert_eq!(looks(&patience, 3, false), 3, "a few in vain are forgiven");
            assert_eq!(looks(&patience, 10, true), 10);
            assert_eq!(looks(&patience, 4 + 63, false), 4, "more are not");
        });
    }

    #[test]
    fn a_task_that_has_other_workers_beside_it_or_no_runtime_does_not_look() {
        assert_eq!(looks(&Patience::default(), 640, false), 0);
        let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        runtime.block_on(async { assert_eq!(looks(&Patience::default(), 640, false), 0) });
    }

    #[test]
    fn either_side_looks_for_moves_of_the_other() {
        Builder::new_current_thread().build().expect("a runtime").block_on(async {
            for (side, puts, gets) in [(Side::Put, 0, 1), (Side::Get, 1, 0)] {
                let moves = Moves::default();
                moves.put_patience.0.store(Patience::FULL, Relaxed);
                moves.get_patience.0.store(Patience::FULL, Relaxed);
                let before = moves.seen();
                moves.put(gets);
                moves.got(puts);
                assert!(!moves.come_soon(side, before, || moves.seen()), "{side:?}: that is its own side");
                let before = moves.seen();
                moves.put(puts + gets);
                moves.got(puts + gets);
                assert!(moves.come_soon(side, before, || moves.seen()), "{side:?}");
            }
        });
    }

    #[test]
    fn nobody_looks_at_a_queue_of_one_thread() {
        Builder::new_current_thread().build().expect("a runtime").block_on(async {
            let queue = Queue::<u8>::bounded("test.moves.alone", 1);
            queue.try_put(1).expect("there is room");
            let shared = queue.shared();
            shared.glance().moves().get_patience.0.store(Patience::FULL, Relaxed);
            let before = Seen(0, 0);
            if !shared.is_shared() {
                assert!(!shared.comes_soon(Side::Get, before), "who would bring it?");
            }
            std::thread::scope(|scope| scope.spawn(|| queue.len()).join().expect("it looks"));
            assert!(shared.comes_soon(Side::Get, before), "one was put");
        });
    }
}
