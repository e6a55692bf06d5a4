//! Bias: while one thread alone uses a queue, its lock costs that thread a plain store each way.
//!
//! A lock between threads needs an atomic read-modify-write to take it, which is dearer than all the rest of a put. The
//! first thread that takes a lock becomes its owner: from then on it says "I am inside" by a plain store and looks whether
//! it is the owner still. The first other thread ends that, for good: it says so, makes every running thread see it
//! ([`barrier`]), and waits until the owner is outside. From then on the lock is one for all.
//!
//! A reader from elsewhere (the monitor, a scrape) does not end it: it keeps the owner out for a while, and the owner goes on.
//!
//! What makes it sound, and is checked by `lock/models.rs`:
//! - whoever is not the owner changes `owner` only while it has the key, one at a time ([`Kept`]);
//! - between the owner's store of `inside` and its second look at `owner` nothing is needed but the compiler's obedience,
//!   because whoever changes `owner` makes all threads pass a barrier before looking at `inside`: either the owner's store
//!   is seen then, or the owner sees the change and steps back;
//! - who keeps the owner out does not touch `inside`: the owner may be on its way between its two looks, and will step
//!   back, or enter when it may again;
//! - an owner that is inside does not enter again: with any other lock it would wait for itself for ever, here it panics.
//!   Only `Ord` of an item could try, so where nothing is compared nobody looks.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32 as Plain, Ordering::Relaxed};

use super::barrier;
use super::lock::back_off;
use crate::canary;
use crate::sync::{AtomicBool, AtomicU32, Ordering, thread_local};

/// Nobody has taken the lock yet.
const NOBODY: u32 = 1;
/// It is a lock for all, for good.
const SHARED: u32 = 2;
/// Its owner is kept out, for now or for good.
const KEPT_OUT: u32 = 3;
const FIRST_THREAD: u32 = 4;

/// Biases that were ended, in this process. Each costs some microseconds; with so many, new locks begin without. (A model
/// checker runs through more than that.)
const MOST_ENDED: u32 = if cfg!(any(loom, shuttle)) { u32::MAX } else { 1_000 };
static ENDED: Plain = Plain::new(0);

#[cfg(not(loom))]
thread_local! {
    /// The number of this thread; 0 before it has needed one. Numbers are not used again.
    static ME: Cell<u32> = const { Cell::new(0) };
}

#[cfg(loom)]
thread_local! {
    static ME: Cell<u32> = Cell::new(0);
}

/// To whom a lock leans.
pub(super) struct Bias {
    /// A thread's number, or what stands for none.
    owner: AtomicU32,
    /// Whether the owner is inside by its own way. Of no meaning once the lock is one for all.
    inside: AtomicBool,
    /// Whether somebody is changing the owner.
    key: AtomicBool,
}

impl Bias {
    #[inline(always)]
    pub(super) fn new() -> Self {
        let owner = if ENDED.load(Relaxed) < MOST_ENDED { NOBODY } else { SHARED };
        Self { owner: AtomicU32::new(owner), inside: AtomicBool::new(false), key: AtomicBool::new(false) }
    }

    /// Enters if this thread is the owner. If `foreign` code runs inside, which may come here again, it is not let in twice.
    #[inline(always)]
    pub(super) fn enter(&self, foreign: bool) -> bool {
        let me = ME.with(Cell::get);
        self.owner.load(Ordering::Relaxed) == me && self.enter_as(me, foreign)
    }

    #[inline(always)]
    fn enter_as(&self, me: u32, foreign: bool) -> bool {
        if (foreign || cfg!(debug_assertions)) && self.inside.load(Ordering::Relaxed) {
            taken_twice();
        }
        self.inside.store(true, Ordering::Relaxed);
        barrier::of_the_owner();
        // What somebody did who kept it out is ordered before its return of the lock, and that before this.
        if self.owner.load(Ordering::Acquire) == me {
            return true;
        }
        self.leave();
        false
    }

    /// Leaves what [`enter`](Self::enter) entered.
    #[inline(always)]
    pub(super) fn leave(&self) {
        self.inside.store(false, Ordering::Release);
    }

    /// Whether the lock is one for all.
    #[inline(always)]
    pub(super) fn is_over(&self) -> bool {
        // What was done to it before is ordered before what one does who sees this.
        self.owner.load(Ordering::Acquire) == SHARED
    }

    /// Whether nobody has ever entered, nor does so now. For who knows that nobody else can come.
    pub(super) fn is_untaken(&self) -> bool {
        self.owner.load(Ordering::Acquire) == NOBODY
    }

    /// Waits for the turn to change the owner.
    #[cold]
    pub(super) fn keep(&self) -> Kept<'_> {
        let take = || self.key.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        for tries in 0_usize.. {
            if take() {
                break;
            }
            back_off(tries);
        }
        Kept { bias: self, owner: self.owner.load(Ordering::Relaxed) }
    }
}

/// The turn of one who is not the owner, and may keep it out. While it lasts nobody becomes the owner, and none is out for
/// good; the owner may enter when it ends.
#[must_use]
pub(super) struct Kept<'a> {
    bias: &'a Bias,
    /// Who is, when this ends.
    owner: u32,
}

impl Kept<'_> {
    /// Whether there is nobody to keep out any more.
    pub(super) fn is_over(&self) -> bool {
        self.owner == SHARED
    }

    /// Enters as the owner of a lock that leans to this thread, or to nobody yet. For who has not kept it out.
    pub(super) fn own(&mut self) -> bool {
        let me = number_of_this_thread().filter(|_| barrier::is_there());
        if self.owner == NOBODY {
            self.owner = me.unwrap_or(NOBODY);
        }
        if Some(self.owner) != me {
            return false;
        }
        // Nobody else may come in before the turn ends, and then it is the owner's: it enters with no second look.
        self.bias.inside.store(true, Ordering::Relaxed);
        true
    }

    /// Keeps the owner out until the turn ends: it is not inside from here on.
    pub(super) fn suspend(&self) {
        if self.owner < FIRST_THREAD {
            return;
        }
        self.bias.owner.store(KEPT_OUT, Ordering::Relaxed);
        if !canary::sings("bias") {
            barrier::of_all_threads();
        }
        for tries in 0_usize.. {
            if !self.bias.inside.load(Ordering::Acquire) {
                break;
            }
            back_off(tries);
        }
    }

    /// Makes it a lock for all when the turn ends.
    pub(super) fn end(&mut self) {
        self.suspend();
        if self.owner >= FIRST_THREAD {
            ENDED.fetch_add(1, Relaxed);
        }
        self.owner = SHARED;
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.bias.owner.store(self.owner, Ordering::Release);
        self.bias.key.store(false, Ordering::Release);
    }
}

#[cold]
#[track_caller]
fn taken_twice() -> ! {
    panic!("a queue was used inside one of its own calls, by `Ord` of an item: it may compare items and no more")
}

/// None if there have been four billion threads.
fn number_of_this_thread() -> Option<u32> {
    static NEXT: Plain = Plain::new(FIRST_THREAD);
    ME.with(|me| {
        if me.get() == 0 {
            let number = NEXT.fetch_update(Relaxed, Relaxed, |next| next.checked_add(1));
            me.set(number.unwrap_or(0));
        }
        Some(me.get()).filter(|number| *number > 0)
    })
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;

    use super::*;

    /// A bias to this thread, and its number; none where there is no such thing.
    fn owned() -> Option<(Bias, u32)> {
        let bias = Bias::new();
        let owns = bias.keep().own();
        bias.leave();
        Some((bias, number_of_this_thread()?)).filter(|_| owns)
    }

    #[test]
    fn a_lock_leans_to_the_first_thread_where_the_system_has_the_barrier_and_its_owner_enters() {
        let Some((bias, _)) = owned() else {
            assert!(!barrier::is_there() || ENDED.load(Relaxed) >= MOST_ENDED);
            return;
        };
        for _ in 0..2 {
            assert!(bias.enter(true) && bias.inside.load(Ordering::Relaxed));
            bias.leave();
            assert!(!bias.inside.load(Ordering::Relaxed));
        }
    }

    #[test]
    fn an_owner_that_is_kept_out_between_its_two_looks_steps_back() {
        let Some((bias, me)) = owned() else { return };
        let kept = bias.keep();
        kept.suspend();
        assert!(!bias.enter(true), "before the first look");
        assert!(!bias.enter_as(me, true), "between the looks");
        assert!(!bias.inside.load(Ordering::Relaxed), "nobody would be let in any more");
        drop(kept);
        assert!(bias.enter(true), "it is the owner again");
    }

    #[test]
    fn nobody_else_comes_in_before_the_owner_is_outside() {
        let Some((bias, _)) = owned() else { return };
        let (begin, begins) = mpsc::channel();
        let out = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            assert!(bias.enter(true));
            scope.spawn(|| {
                begin.send(()).expect("the owner listens");
                bias.keep().suspend();
                assert!(out.load(Relaxed), "two are inside");
            });
            begins.recv().expect("the other comes");
            // Until the other waits for this thread, as far as that can be seen.
            while bias.owner.load(Ordering::Relaxed) != KEPT_OUT {
                std::thread::yield_now();
            }
            (0..1_000).for_each(|_| std::thread::yield_now());
            out.store(true, Relaxed);
            bias.leave();
        });
    }

    #[test]
    fn an_owner_that_is_inside_does_not_enter_again_nor_does_who_has_just_become_one() {
        let Some((bias, _)) = owned() else { return };
        assert!(bias.keep().own(), "as when it was kept out");
        assert!(catch_unwind(AssertUnwindSafe(|| bias.enter(true))).is_err(), "two would change the same state");
        bias.leave();
        assert!(bias.enter(true));
        assert!(catch_unwind(AssertUnwindSafe(|| bias.enter(true))).is_err(), "two would change the same state");
        bias.leave();
        assert!(bias.enter(true), "a panic leaves it as it was");
    }

    #[test]
    fn whoever_is_the_owner_is_kept_out_and_where_nobody_is_there_is_nothing_to_keep() {
        for owner in [NOBODY, FIRST_THREAD, FIRST_THREAD + 1, u32::MAX] {
            let bias = Bias::new();
            bias.owner.store(owner, Ordering::Relaxed);
            let kept = bias.keep();
            kept.suspend();
            let out = if owner == NOBODY { NOBODY } else { KEPT_OUT };
            assert_eq!(bias.owner.load(Ordering::Relaxed), out, "{owner}");
            drop(kept);
            assert_eq!(bias.owner.load(Ordering::Relaxed), owner);
        }
    }

    #[test]
    fn a_lock_is_untaken_until_somebody_owns_it_whoever_looked_meanwhile() {
        let bias = Bias::new();
        if bias.is_over() {
            assert!(!bias.is_untaken(), "nobody knows");
            return;
        }
        bias.keep().suspend();
        assert!(bias.is_untaken());
        if !bias.keep().own() {
            bias.keep().end();
        }
        assert!(!bias.is_untaken());
    }

    #[test]
    fn the_end_of_a_bias_is_for_good_and_counted() {
        let Some((bias, _)) = owned() else { return };
        let before = ENDED.load(Relaxed);
        bias.keep().end();
        assert!(ENDED.load(Relaxed) > before, "locks would be biased however often that was in vain");
        assert!(bias.is_over() && bias.keep().is_over() && !bias.enter(true));
    }
}
