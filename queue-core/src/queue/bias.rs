//! Bias: while one thread alone uses a queue, its lock costs that thread a plain store each way.
//!
//! A lock between threads needs an atomic read-modify-write to take it, which is dearer than all the rest of a put. The
//! first thread that takes a lock becomes its owner: from then on it says "I am inside" by a plain store and looks whether
//! it is the owner still. The first other thread ends that, for good: it says so, makes every running thread see it
//! ([`barrier`]), and waits until the owner is outside. From then on the lock is one for all.
//!
//! A reader from elsewhere (the monitor, a scrape) does not end it: it [visits](Bias::suspend), and the owner goes on.
//!
//! What makes it sound, and is checked by `lock/models.rs`:
//! - all that others do to the owner they do while they hold the lock for all: so a thread that holds it and has seen
//!   [`SHARED`] since is alone;
//! - between the owner's store of `inside` and its second look at `owner` nothing is needed but the compiler's obedience,
//!   because whoever changes `owner` makes all threads pass a barrier before looking at `inside`: either the owner's store
//!   is seen then, or the owner sees the change and steps back;
//! - an owner that is inside does not enter again (`Ord` of an item could try): with any other lock it would wait for
//!   itself for ever, here it panics.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32 as Plain, Ordering::Relaxed};

use super::barrier;
use super::lock::back_off;
use crate::canary;
use crate::sync::{AtomicBool, AtomicU32, Ordering, thread_local};

/// Nobody has taken the lock yet.
const NOBODY: u32 = 1;
/// It has no owner, or not for now.
const SHARED: u32 = 2;
const FIRST_THREAD: u32 = 3;

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
    /// A thread's number, [`NOBODY`] or [`SHARED`].
    owner: AtomicU32,
    /// Whether the owner is inside by its own way; written by no other thread.
    inside: AtomicBool,
}

impl Bias {
    #[inline]
    pub(super) fn new() -> Self {
        let owner = if ENDED.load(Relaxed) < MOST_ENDED { NOBODY } else { SHARED };
        Self { owner: AtomicU32::new(owner), inside: AtomicBool::new(false) }
    }

    /// Enters if this thread is the owner.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        let me = ME.with(Cell::get);
        self.owner.load(Ordering::Relaxed) == me && self.enter_as(me)
    }

    #[inline]
    fn enter_as(&self, me: u32) -> bool {
        if self.inside.load(Ordering::Relaxed) {
            taken_twice();
        }
        self.inside.store(true, Ordering::Relaxed);
        barrier::of_the_owner();
        // What a visitor did is ordered before its return of the lock, and that before this.
        if self.owner.load(Ordering::Acquire) == me {
            return true;
        }
        self.leave();
        false
    }

    /// Leaves what [`enter`](Self::enter) entered.
    #[inline]
    pub(super) fn leave(&self) {
        self.inside.store(false, Ordering::Release);
    }

    /// What the owner says that it is inside by; to be stored to when it leaves, and by nobody else.
    #[inline]
    pub(super) fn inside(&self) -> &AtomicBool {
        &self.inside
    }

    /// Whether the lock is one for all. Asked by who holds it.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == SHARED
    }

    /// Becomes the owner of a lock that has had none, or ends the bias to another thread. For who holds the lock.
    ///
    /// An owner is inside by its own way from here on, and has to give back the lock for all: or it could enter once more.
    #[cold]
    pub(super) fn settle(&self) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        let me = number_of_this_thread();
        if owner == NOBODY {
            let owner = me.filter(|_| barrier::is_there()).unwrap_or(SHARED);
            self.owner.store(owner, Ordering::Relaxed);
        } else if Some(owner) != me {
            let Suspended(_) = self.suspend();
            ENDED.fetch_add(1, Relaxed);
        }
        let owned = Some(self.owner.load(Ordering::Relaxed)) == me;
        if owned {
            self.inside.store(true, Ordering::Relaxed);
        }
        owned
    }

    /// Keeps the owner out until [`resume`](Self::resume); returns what that needs. For who holds the lock.
    #[cold]
    pub(super) fn suspend(&self) -> Suspended {
        let owner = self.owner.load(Ordering::Relaxed);
        if owner >= FIRST_THREAD {
            self.owner.store(SHARED, Ordering::Relaxed);
            if !canary::sings("bias") {
                barrier::of_all_threads();
            }
            for tries in 0_usize.. {
                if !self.inside.load(Ordering::Acquire) {
                    break;
                }
                back_off(tries);
            }
        }
        Suspended(owner)
    }

    /// Lets the owner in again. For who holds the lock and suspended it.
    pub(super) fn resume(&self, suspended: &Suspended) {
        self.owner.store(suspended.0, Ordering::Release);
    }
}

#[cold]
#[track_caller]
fn taken_twice() -> ! {
    panic!("a queue was used inside one of its own calls, by `Ord` of an item: it may compare items and no more")
}

/// Who was the owner.
#[must_use]
pub(super) struct Suspended(u32);

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
        if bias.settle() {
            bias.leave();
        }
        Some((bias, number_of_this_thread()?)).filter(|(bias, _)| !bias.is_over())
    }

    #[test]
    fn a_lock_leans_to_the_first_thread_where_the_system_has_the_barrier_and_its_owner_enters() {
        let Some((bias, _)) = owned() else {
            assert!(!barrier::is_there() || ENDED.load(Relaxed) >= MOST_ENDED);
            return;
        };
        for _ in 0..2 {
            assert!(bias.enter() && bias.inside.load(Ordering::Relaxed));
            bias.leave();
            assert!(!bias.inside.load(Ordering::Relaxed));
        }
    }

    #[test]
    fn an_owner_that_is_kept_out_between_its_two_looks_steps_back() {
        let Some((bias, me)) = owned() else { return };
        let suspended = bias.suspend();
        assert!(!bias.enter(), "before the first look");
        assert!(!bias.enter_as(me), "between the looks");
        assert!(!bias.inside.load(Ordering::Relaxed), "nobody would be let in any more");
        bias.resume(&suspended);
        assert!(bias.enter(), "it is the owner again");
    }

    #[test]
    fn nobody_else_comes_in_before_the_owner_is_outside() {
        let Some((bias, _)) = owned() else { return };
        let (begin, begins) = mpsc::channel();
        let out = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            assert!(bias.enter());
            scope.spawn(|| {
                begin.send(()).expect("the owner listens");
                let Suspended(_) = bias.suspend();
                assert!(out.load(Relaxed), "two are inside");
            });
            begins.recv().expect("the other comes");
            // Until the other waits for this thread, as far as that can be seen.
            while bias.owner.load(Ordering::Relaxed) != SHARED {
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
        assert!(bias.settle(), "as when it comes by the lock for all");
        assert!(catch_unwind(AssertUnwindSafe(|| bias.enter())).is_err(), "two would change the same state");
        bias.leave();
        assert!(bias.enter());
        assert!(catch_unwind(AssertUnwindSafe(|| bias.enter())).is_err(), "two would change the same state");
        bias.leave();
        assert!(bias.enter(), "a panic leaves it as it was");
    }
}
