//! The lock: the one short critical section of a queue.
//!
//! A spin lock, because the section is a few dozen instructions: taking it is one compare-and-swap, leaving it a plain
//! store; for a thread that is alone with the queue taking it is a plain store as well (see `bias.rs`). Contention backs
//! off for long (one quick try, then microseconds between two looks), which keeps the cache line with whoever holds it;
//! a holder that was descheduled is waited for by yielding, then by sleeping.
//!
//! Nothing foreign runs inside: no waker, no hook, no destructor of an item. `Ord` of a priority item is the
//! exception, so a panic may unwind through a guard: it unlocks, and nothing is poisoned.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::bias::{Bias, Kept};
use super::mark::Word;
use super::moves::Moves;
use crate::canary;
use crate::sync::{AtomicBool, Ordering, pause, thread};

/// Under a model checker threads that wait block: it explores every order in which they may go on, and the spinning
/// itself is a model of its own, below.
#[cfg(any(loom, shuttle))]
use crate::sync::{Blocking as Door, BlockingTurn as Held};
#[cfg(not(any(loom, shuttle)))]
use {Spin as Door, SpinHeld as Held};

/// What the owner of a lock that leans leaves it by.
pub(super) type Alone = &'static Word;

/// What a lock guards.
pub(crate) trait Guarded {
    /// Whether foreign code runs under the lock, which may come back to it.
    const FOREIGN: bool;
}

/// Guards `S`.
#[repr(C)]
pub(crate) struct Lock<S> {
    door: Door,
    pub(super) moves: Moves,
    state: UnsafeCell<S>,
}

// SAFETY: the state is reached through a `Guard` only, and the door lets one guard exist at a time: taking it
// synchronises with the release of the guard before. So threads take turns, which needs `S: Send` and no more.
// Guarded by lock/models.rs, and by every model in tests/loom.rs.
unsafe impl<S: Send> Sync for Lock<S> {}

impl<S> Lock<S> {
    #[inline(always)]
    pub(crate) fn new(state: S) -> Self {
        Self { door: Door::new(), moves: Moves::default(), state: UnsafeCell::new(state) }
    }

    /// What it guards, of a lock that nobody else can reach.
    pub(crate) fn get_mut(&mut self) -> &mut S {
        self.state.get_mut()
    }

    /// Takes a lock for all if that needs no waiting; not if what it guards goes by the lanes.
    #[inline(always)]
    pub(crate) fn lock_among_others(&self) -> Option<Guard<'_, S>> {
        self.door.lock_unless(|| self.moves.are_by_lanes()).map(|held| Guard { held, lock: self })
    }

    /// Whether it is a lock for all, so that another thread may be at work under it.
    pub(crate) fn is_shared(&self) -> bool {
        self.door.is_shared()
    }

    /// Whether nobody but [visitors](Self::visit) ever had it, as far as that is known. For who knows that nobody else comes.
    pub(crate) fn is_untaken(&self) -> bool {
        self.door.is_untaken()
    }
}

impl<S: Guarded> Lock<S> {
    /// Waits for the lock and takes it.
    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, S> {
        Guard { held: self.door.lock(S::FOREIGN), lock: self }
    }

    /// Takes the lock if it leans to this thread.
    #[inline(always)]
    pub(crate) fn lock_alone(&self) -> Option<(Guard<'_, S>, Alone)> {
        self.door.lock_alone(S::FOREIGN).map(|(held, alone)| (Guard { held, lock: self }, alone))
    }

    /// As [`lock`](Self::lock), for a reader who may well be a foreign thread: whoever is alone with the lock stays so.
    pub(crate) fn visit<R>(&self, look: impl FnOnce(&mut S) -> R) -> R {
        let _visit = self.door.visit(S::FOREIGN);
        // SAFETY: a visit keeps everybody else out, as a guard does, and this is the only reference made in it; see
        // lock/models.rs.
        look(unsafe { &mut *self.state.get() })
    }
}

/// The turn of one thread; unlocks when dropped.
#[must_use]
pub(crate) struct Guard<'a, S> {
    held: Held<'a>,
    lock: &'a Lock<S>,
}

impl<S> Guard<'_, S> {
    #[inline]
    pub(super) fn moves(&self) -> &Moves {
        &self.lock.moves
    }

    /// Unlocks what was [locked alone](Lock::lock_alone).
    #[inline(always)]
    pub(super) fn leave_alone(self, alone: Alone) {
        alone.leave();
        std::mem::forget(self);
    }

    /// Unlocks what was [locked among others](Lock::lock_among_others).
    #[inline(always)]
    pub(super) fn leave_among_others(self) {
        self.lock.door.leave_among_others();
        std::mem::forget(self);
    }

    /// From here on it is one for all, if it leans to this thread [again](Self::lean): for one who waits for others.
    #[inline]
    pub(super) fn stop_leaning(&self) {
        self.lock.door.stop_leaning();
    }

    /// Whether it took much to end what [`lean`](Self::lean) began last.
    pub(super) fn was_hard_to_end(&self) -> bool {
        self.lock.door.was_hard_to_end()
    }

    /// Unlocks what is [one for all](Lock::is_shared), and lets it lean to this thread from here on, if it can.
    pub(super) fn lean(self) {
        if self.lock.door.lean() {
            std::mem::forget(self);
        }
    }
}

impl<S> Drop for Guard<'_, S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.lock.door.leave(&self.held);
    }
}

impl<S> Deref for Guard<'_, S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: this guard has the turn, so no other guard exists; see lock/models.rs.
        unsafe { &*self.lock.state.get() }
    }
}

impl<S> DerefMut for Guard<'_, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as in `deref`, and `&mut self` makes this the only reference made from this guard.
        unsafe { &mut *self.lock.state.get() }
    }
}

/// Leaves whoever is inside alone for a while, the longer the more `tries` there were.
pub(super) fn back_off(tries: usize) {
    match Rest::after(tries) {
        Rest::Spin(pauses) => pause(pauses),
        Rest::Yield => thread::yield_now(),
        Rest::Sleep(time) => std::thread::sleep(time),
    }
}

/// What one does between two tries.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// So many tens of nanoseconds.
    Spin(usize),
    Yield,
    Sleep(Duration),
}

impl Rest {
    fn after(tries: usize) -> Self {
        match tries {
            0 => Self::Spin(60),
            1..=9 => Self::Spin(150 + 100 * tries),
            10..=99 => Self::Yield,
            // It has been off its processor for long: leave it this one.
            _ => Self::Sleep(Duration::from_micros(50)),
        }
    }
}

/// A flag to wait for by spinning, unless it leans to this thread.
#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "its own model uses it"))]
struct Spin {
    /// Whether somebody is inside by the way for all. As long as it leans, that is so: nobody comes in.
    held: AtomicBool,
    bias: Bias,
}

/// The turn of one thread: a word of honour, as nothing is to be kept for it.
#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "its own model uses it"))]
struct SpinHeld<'a>(PhantomData<&'a Spin>);

/// The turn of a visitor; it ends when this is dropped.
#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "its own model uses it"))]
enum SpinVisit<'a> {
    /// It came in as anybody does.
    Inside(&'a Spin),
    /// The owner is kept out, or there was none.
    Alone { _kept: Kept<'a> },
}

impl Drop for SpinVisit<'_> {
    fn drop(&mut self) {
        if let Self::Inside(spin) = self {
            spin.leave(&SpinHeld(PhantomData));
        }
    }
}

#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "its own model uses it"))]
impl Spin {
    #[inline(always)]
    fn new() -> Self {
        let bias = Bias::new();
        Self { held: AtomicBool::new(!bias.is_over()), bias }
    }

    #[inline(always)]
    fn lock_quickly(&self, foreign: bool) -> Option<SpinHeld<'_>> {
        self.lock_alone(foreign).map(|(held, _)| held).or_else(|| self.lock_unless(|| false))
    }

    #[inline(always)]
    fn lock_alone(&self, foreign: bool) -> Option<(SpinHeld<'_>, Alone)> {
        self.bias.enter(foreign).map(|word| (SpinHeld(PhantomData), word))
    }

    #[inline(always)]
    fn leave_among_others(&self) {
        self.held.store(false, if canary::sings("unlock") { Ordering::Relaxed } else { Ordering::Release });
    }

    /// Leaves by leaning to this thread, which came in by the way for all; says whether it can.
    fn lean(&self) -> bool {
        self.bias.lean()
    }

    /// As anybody from here on, if the lock leant to this thread again; that is inside.
    fn stop_leaning(&self) {
        self.bias.stop_leaning();
    }

    fn was_hard_to_end(&self) -> bool {
        self.bias.was_hard_to_end()
    }

    /// Of a lock for all, unless `others` are to be left alone.
    #[inline(always)]
    fn lock_unless(&self, others: impl FnOnce() -> bool) -> Option<SpinHeld<'_>> {
        (!others() && self.take()).then_some(SpinHeld(PhantomData))
    }

    #[inline]
    fn lock(&self, foreign: bool) -> SpinHeld<'_> {
        self.lock_quickly(foreign).unwrap_or_else(|| self.lock_after_a_try(foreign))
    }

    #[cold]
    fn lock_after_a_try(&self, foreign: bool) -> SpinHeld<'_> {
        for tries in 0_usize.. {
            if !self.bias.is_over() {
                if self.settle(foreign) {
                    break;
                }
                continue;
            }
            back_off(tries);
            // Look before taking: a failed compare-and-swap would fetch the cache line from the holder for nothing.
            if !self.held.load(Ordering::Relaxed) && self.take() {
                break;
            }
        }
        SpinHeld(PhantomData)
    }

    fn is_shared(&self) -> bool {
        self.bias.is_over()
    }

    fn is_untaken(&self) -> bool {
        self.bias.is_untaken()
    }

    /// Becomes the owner, or ends the bias to another; says whether this thread is inside then.
    fn settle(&self, foreign: bool) -> bool {
        // What leant is held still when it ends: by this thread from there on.
        self.bias.keep().is_some_and(|kept| kept.own(foreign) || kept.end())
    }

    fn visit(&self, foreign: bool) -> SpinVisit<'_> {
        if self.lock_quickly(foreign).is_some() {
            return SpinVisit::Inside(self);
        }
        if !self.bias.is_over() {
            if let Some(mut kept) = self.bias.keep() {
                if kept.suspend() {
                    return SpinVisit::Alone { _kept: kept };
                }
            }
        }
        self.lock_after_a_try(foreign);
        SpinVisit::Inside(self)
    }

    /// Whoever calls it has the lock, and does nothing under it any more.
    #[inline]
    fn leave(&self, _: &SpinHeld<'_>) {
        if !self.bias.leave_if_entered() {
            self.leave_among_others();
        }
    }

    #[inline(always)]
    fn take(&self) -> bool {
        self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

#[cfg(all(test, loom))]
mod models;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
