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
//!   is seen then, or the owner sees the change and steps back.

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

    /// Whether the lock is one for all. Asked by who holds it.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == SHARED
    }

    /// Becomes the owner of a lock that has had none, or ends the bias to another thread. For who holds the lock.
    #[cold]
    pub(super) fn settle(&self) {
        let owner = self.owner.load(Ordering::Relaxed);
        let me = number_of_this_thread();
        if owner == NOBODY {
            let owner = me.filter(|_| barrier::is_there()).unwrap_or(SHARED);
            self.owner.store(owner, Ordering::Relaxed);
        } else if Some(owner) != me {
            let Suspended(_) = self.suspend();
            ENDED.fetch_add(1, Relaxed);
        }
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
