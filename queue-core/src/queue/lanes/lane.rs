//! One lane: a door, a number, and what only who has the door looks at.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use crate::queue::lock::back_off;
use crate::sync::{AtomicU8, AtomicU64, Ordering, UnsafeCell};

/// On lines of its own, and apart from the one that a processor fetches along with it.
#[repr(C, align(128))]
pub(super) struct Lane<T, W> {
    door: AtomicU8,
    /// The number of the next item to pass.
    pub(super) number: AtomicU64,
    /// The first item that passed and carries a clock, if any did.
    pub(super) clocked: AtomicU64,
    pub(super) inside: UnsafeCell<Inside<T, W>>,
}

/// What only who has the door looks at.
#[repr(C)]
pub(super) struct Inside<T, W> {
    slots: *mut MaybeUninit<T>,
    /// One less than there are.
    pub(super) mask: u64,
    pub(super) way: W,
}

const FREE: u8 = 0;
const HELD: u8 = 1;
const CLOSED: u8 = 2;

impl<T, W> Inside<T, W> {
    pub(super) fn new(slots: NonNull<[MaybeUninit<T>]>, way: W) -> Self {
        Self { slots: slots.cast().as_ptr(), mask: slots.len() as u64 - 1, way }
    }

    /// Where item `number` stands.
    #[inline]
    pub(super) fn slot(&self, number: u64) -> *mut T {
        self.slots.wrapping_add((number & self.mask) as usize).cast()
    }
}

impl<T, W> Lane<T, W> {
    /// One that is open.
    pub(super) fn new(number: u64, inside: Inside<T, W>) -> Self {
        Self {
            door: AtomicU8::new(FREE),
            number: AtomicU64::new(number),
            clocked: AtomicU64::new(u64::MAX),
            inside: UnsafeCell::new(inside),
        }
    }

    /// Takes the door if that needs no waiting.
    #[inline]
    pub(super) fn take_at_once(&self) -> Option<Turn<'_, T, W>> {
        // A turn that is dropped opens the door.
        self.door.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok().then(|| Turn(self))
    }

    /// Waits for the door, unless it is closed.
    pub(super) fn take(&self) -> Option<Turn<'_, T, W>> {
        self.take_at_once().or_else(|| self.wait_for(HELD).then(|| Turn(self)))
    }

    /// Waits until nobody is in, and makes it `door` then; says whether that was done before somebody else closed it.
    #[cold]
    fn wait_for(&self, door: u8) -> bool {
        for tries in 0_usize.. {
            match self.door.load(Ordering::Relaxed) {
                FREE if self.door.compare_exchange(FREE, door, Ordering::Acquire, Ordering::Relaxed).is_ok() => break,
                CLOSED => return false,
                _ => back_off(tries),
            }
        }
        true
    }

    pub(super) fn prepare(&self, number: u64, inside: Inside<T, W>) {
        // SAFETY: it is closed, so nobody is in it, and who opens it has the lock.
        unsafe { *self.inside.get() = inside };
        self.clocked.store(u64::MAX, Ordering::Relaxed);
        self.number.store(number, Ordering::Relaxed);
    }

    pub(super) fn open(&self) {
        self.door.store(FREE, Ordering::Release);
    }

    /// Closes the door behind whoever was in.
    pub(super) fn shut(&self) {
        if self.door.compare_exchange(FREE, CLOSED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait_for(CLOSED);
        }
    }
}

/// The turn of one who has the door.
pub(super) struct Turn<'a, T, W>(&'a Lane<T, W>);

impl<T, W> Turn<'_, T, W> {
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.0.number.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn inside(&mut self) -> &mut Inside<T, W> {
        // SAFETY: one has the door at a time, and `&mut self` makes this the only reference made in its turn.
        unsafe { &mut *self.0.inside.get() }
    }

    /// Item `number` has passed: who sees that sees what was done to its slot.
    #[inline]
    pub(super) fn pass(self, number: u64) {
        self.0.number.store(number + 1, Ordering::Release);
    }
}

impl<T, W> Drop for Turn<'_, T, W> {
    #[inline]
    fn drop(&mut self) {
        self.0.door.store(FREE, Ordering::Release);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    fn lane() -> Lane<u8, ()> {
        Lane::new(7, Inside { slots: std::ptr::null_mut(), mask: 0, way: () })
    }

    #[test]
    fn a_lane_has_one_in_it_at_a_time_and_nobody_once_it_is_shut() {
        let lane = lane();
        let turn = lane.take_at_once();
        assert_eq!(turn.as_ref().map(Turn::number), Some(7));
        assert!(lane.take_at_once().is_none());
        drop(turn);
        assert!(lane.wait_for(HELD), "nobody is in");
        assert!(lane.take_at_once().is_none(), "who waited has it");
        drop(Turn(&lane));
        lane.shut();
        assert!(lane.take_at_once().is_none() && lane.take().is_none());
        lane.open();
        assert!(lane.take().is_some());
    }
}
