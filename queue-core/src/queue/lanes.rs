//! Lanes: while threads share a queue and all is calm, those who put do not meet those who get.
//!
//! Under one lock every item takes the whole queue from one core to the other and back. So whoever leaves the lock and has
//! seen that it is calm for both sides opens two lanes: one that leads in, one that leads out, each with a door, a number,
//! and how far it may be walked, on cache lines of its own. A put then takes the door of its lane, a get that of the other, and
//! one looks at the number of the other only where its own reach ends. Whatever else there is to do takes the lock, and closes
//! the lanes first: what passed is counted then, and the queue is as if every item had gone by the lock.
//!
//! What makes it sound, and is checked by `lanes/models.rs`:
//! - the lanes are open only while nobody has the lock: who opens them has it and touches nothing more, who takes it closes
//!   them before anything else;
//! - a slot is written by who has the door that leads in, before the number moves past it, and read by who has the door that
//!   leads out, who has seen that number; it is written again only by one who has seen that it was left.

#![allow(unsafe_code)]

mod course;
mod lane;
mod way;

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::task::Context;

use super::block::Stuck;
use super::moves::Seen;
use crate::canary;
#[cfg(loom)]
use crate::sync::UnsafeCell;
use crate::sync::{AtomicPtr, Ordering};
pub(super) use course::{Onward, Who, Worth};
use lane::{Inside, Lane, Turn};
use way::{Inward, Outward};

/// The two lanes of a queue, made when they are first opened.
pub(super) struct Lanes<T> {
    /// Where they are. An address that is odd is that of lanes that are closed.
    pair: AtomicPtr<Pair<T>>,
}

// SAFETY: items are moved in and out by whoever has a door, one at a time, which synchronises as a lock does; so threads
// take turns, which needs `T: Send` and no more. Guarded by lanes/models.rs.
unsafe impl<T: Send> Send for Lanes<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Lanes<T> {}

/// How a queue stands when its lanes are opened.
struct Course<T> {
    /// The slots, as many as a power of two; the slot of an item is its number modulo their count. Filled are those of
    /// `first..next`.
    slots: NonNull<[MaybeUninit<T>]>,
    first: u64,
    next: u64,
    inward: Inward,
    outward: Outward,
}

/// How it stands when they are closed.
pub(super) struct Passed<'a> {
    first: u64,
    next: u64,
    inward: &'a Inward,
    outward: &'a Outward,
}

/// What a lane led to.
pub(super) enum Trod<R> {
    Done(R),
    /// No item is there, or no room: there is nothing to do but wait.
    Stuck(Stuck),
    /// It takes the lock.
    Off,
}

struct Pair<T> {
    inward: Lane<T, Inward>,
    outward: Lane<T, Outward>,
    #[cfg(loom)]
    touched: [UnsafeCell<()>; 4],
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { pair: AtomicPtr::new(ptr::null_mut()) }
    }
}

impl<T> Lanes<T> {
    /// Takes the item of `slot`, if there is one, in by its lane, if that is as far as was looked.
    #[inline]
    pub(super) fn put_quickly(&self, slot: &mut Option<T>) -> bool {
        self.open_pair().is_some_and(|pair| pair.put_quickly(slot))
    }

    /// Takes the next item out by its lane, if that is as far as was looked.
    #[inline]
    pub(super) fn get_quickly(&self) -> Option<T> {
        self.open_pair().and_then(Pair::get_quickly)
    }

    /// Takes the item of `slot`, if there is one, in by its lane. A task has to let others run.
    #[inline]
    pub(super) fn put(&self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Trod<()> {
        self.open_pair().map_or(Trod::Off, |pair| pair.put(slot, task))
    }

    /// Takes the next item out by its lane. A task has to let others run.
    #[inline]
    pub(super) fn get(&self, task: Option<&mut Context<'_>>) -> Trod<T> {
        self.open_pair().map_or(Trod::Off, |pair| pair.get(task))
    }

    /// What has passed, if they are open.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.open_pair().map(Pair::seen)
    }

    #[inline]
    fn open_pair(&self) -> Option<&Pair<T>> {
        let pair = self.pair.load(Ordering::Acquire);
        // SAFETY: an address that is even is none, or that of a pair that was made, and is kept until `self` is dropped.
        if is_odd(pair) { None } else { unsafe { pair.as_ref() } }
    }

    /// Opens them, for one who has the lock and goes on to leave it.
    ///
    /// # Safety
    /// They are closed, `course` is what it says, nothing but the lanes touches its slots until they are closed, and the
    /// caller has the lock.
    unsafe fn open(&self, course: Course<T>) {
        let mut pair = self.pair.load(Ordering::Relaxed).map_addr(|address| address & !1);
        if pair.is_null() {
            pair = Box::into_raw(Box::new(Pair::new(course)));
        } else {
            // SAFETY: it was made, and is kept until `self` is dropped.
            unsafe { &*pair }.open(course);
        }
        self.pair.store(pair, Ordering::Release);
    }

    /// Closes them if they are open, for one who has the lock; says what has passed.
    #[inline]
    pub(super) fn close(&self) -> Option<Passed<'_>> {
        let pair = self.pair.load(Ordering::Relaxed);
        if pair.is_null() || is_odd(pair) {
            return None;
        }
        self.pair.store(pair.map_addr(|address| address | 1), Ordering::Relaxed);
        // SAFETY: as in `open`; whoever has the lock may have taken it from one who has just made the pair, and sees it.
        Some(unsafe { &*pair }.close())
    }
}

impl<T> Drop for Lanes<T> {
    fn drop(&mut self) {
        let pair = self.pair.load(Ordering::Acquire).map_addr(|address| address & !1);
        if !pair.is_null() {
            // SAFETY: it came from a box, nobody else has `self`, and nothing of it is borrowed from here on. The items
            // are not its own.
            drop(unsafe { Box::from_raw(pair) });
        }
    }
}

#[inline]
fn is_odd<T>(pair: *mut Pair<T>) -> bool {
    pair.addr() & 1 == 1
}

impl<T> Pair<T> {
    fn new(course: Course<T>) -> Self {
        let Course { slots, first, next, inward, outward } = course;
        Self {
            inward: Lane::new(next, Inside::new(slots, inward)),
            outward: Lane::new(first, Inside::new(slots, outward)),
            #[cfg(loom)]
            touched: std::array::from_fn(|_| UnsafeCell::new(())),
        }
    }

    fn open(&self, course: Course<T>) {
        let Course { slots, first, next, inward, outward } = course;
        // Whoever is in one of them may look at the number of the other.
        self.inward.prepare(next, Inside::new(slots, inward));
        self.outward.prepare(first, Inside::new(slots, outward));
        self.inward.open();
        self.outward.open();
    }

    fn seen(&self) -> Seen {
        Seen::new(self.inward.number.load(Ordering::Relaxed), self.outward.number.load(Ordering::Relaxed))
    }

    #[inline]
    fn put_quickly(&self, slot: &mut Option<T>) -> bool {
        let Some(mut turn) = self.inward.take_at_once() else { return false };
        let number = turn.number();
        let inside = turn.inside();
        number < inside.way.until && !inside.way.is_late() && self.step_in(turn, slot)
    }

    #[inline]
    fn get_quickly(&self) -> Option<T> {
        let mut turn = self.outward.take_at_once()?;
        let number = turn.number();
        let inside = turn.inside();
        if number < inside.way.until && !inside.way.is_late() { Some(self.step_out(turn)) } else { None }
    }

    #[inline(never)]
    fn put(&self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Trod<()> {
        let Some(mut turn) = self.inward.take() else { return Trod::Off };
        let number = turn.number();
        let way = &mut turn.inside().way;
        if way.is_late() || slot.is_none() {
            return Trod::Off;
        }
        if number >= way.until {
            // What was done to the slots that were left is ordered before what is done to them now.
            let first = self.outward.number.load(Ordering::Acquire);
            match way.reach(number, first, task) {
                Trod::Done(()) => {}
                off => return off,
            }
            if way.clocks.first() == Some(number) {
                // Seen by whoever sees that the item has passed.
                self.inward.clocked.store(number, Ordering::Relaxed);
            }
        }
        if self.step_in(turn, slot) { Trod::Done(()) } else { Trod::Off }
    }

    #[inline(never)]
    fn get(&self, task: Option<&mut Context<'_>>) -> Trod<T> {
        let Some(mut turn) = self.outward.take() else { return Trod::Off };
        let number = turn.number();
        let way = &mut turn.inside().way;
        if way.is_late() {
            return Trod::Off;
        }
        if number >= way.until {
            // What was written to the slots of lower numbers is ordered before what is read from them now.
            let next = self.inward.number.load(Ordering::Acquire);
            match way.reach(number, next, self.inward.clocked.load(Ordering::Relaxed), task) {
                Trod::Done(()) => {}
                Trod::Stuck(stuck) => return Trod::Stuck(stuck),
                Trod::Off => return Trod::Off,
            }
        }
        Trod::Done(self.step_out(turn))
    }

    /// Moves the item of `slot` in, as far as was looked.
    #[inline(always)]
    fn step_in(&self, mut turn: Turn<'_, T, Inward>, slot: &mut Option<T>) -> bool {
        let (number, Some(item)) = (turn.number(), slot.as_ref()) else { return false };
        self.touch(turn.inside(), number);
        // SAFETY: fewer than `below` slots are filled, and there are as many as that or more, so this one is not: who took the
        // item out of it had left it when `first` was read, then or before. Nobody else is in this lane. The item is copied out
        // of `slot`, which then forgets it without dropping it; nothing between the two can panic. Guarded by lanes/models.rs.
        unsafe {
            ptr::copy_nonoverlapping(item, turn.inside().slot(number), 1);
            ptr::write(slot, None);
        }
        turn.pass(number);
        true
    }

    /// Moves the next item out, as far as was looked.
    #[inline(always)]
    fn step_out(&self, mut turn: Turn<'_, T, Outward>) -> T {
        let number = turn.number();
        self.touch(turn.inside(), number);
        // SAFETY: `number` is below a number that the other lane has reached, so its slot was filled before that was read; nobody
        // else is in this lane, so it has not been emptied. It is not filled from here on. Guarded as in `step_in`.
        let item = unsafe { turn.inside().slot(number).read() };
        turn.pass(number);
        item
    }

    /// Tells loom that a slot is written, or read and left.
    #[cfg(loom)]
    fn touch<W>(&self, inside: &Inside<T, W>, number: u64) {
        self.touched[(number & inside.mask) as usize % self.touched.len()].get();
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn touch<W>(&self, _: &Inside<T, W>, _: u64) {}

    fn close(&self) -> Passed<'_> {
        if !canary::sings("lane") {
            self.inward.shut();
        }
        self.outward.shut();
        let (next, first) = (self.inward.number.load(Ordering::Relaxed), self.outward.number.load(Ordering::Relaxed));
        // SAFETY: both lanes are closed, so nobody is in them; they are opened by whoever has the lock, and this borrow ends
        // before that.
        let (inward, outward) = unsafe { (&(*self.inward.inside.get()).way, &(*self.outward.inside.get()).way) };
        Passed { first, next, inward, outward }
    }
}

#[cfg(all(test, loom))]
mod models;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
