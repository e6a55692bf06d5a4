//! The line of waiting tasks: join it, leave it, be served.
//!
//! A [`Waiter`] lives inside the future that waits, pinned; a [`Line`] lives in the queue's state, under its lock, and
//! links the waiters to each other. So waiting allocates nothing, and leaving takes a time independent of how many
//! wait.
//!
//! What makes the links sound is checked here and not left to the callers:
//! - a waiter's inside is touched through `&mut Line` while it stands in that line, and through `Pin<&mut Waiter>`
//!   while it stands in none; each access checks which of the two it is;
//! - a line is recognised by its address, which is stable while it has waiters (a line that is dropped with waiters in
//!   it ends the process, and so does a waiter that is dropped in a line);
//! - the last thing that serving a waiter does to it is the release store of its phase;
//! - the inside is there once the waiter has joined a line, and its phase says so: a waiter that never has to wait
//!   writes, moves and drops one byte.

#![allow(unsafe_code)]

use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::Waker;

use crate::canary;
use crate::sync::{AtomicU8, Ordering, UnsafeCell};

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has not stood in a line.
    Idle,
    /// In a line.
    Waiting,
    /// Out of the line: it has what it waited for.
    Served,
    /// Out of the line: there is nothing more to wait for.
    Closed,
    /// Out of the line by itself.
    Left,
}

const IDLE: u8 = 0;
const WAITING: u8 = 1;
const SERVED: u8 = 2;
const CLOSED: u8 = 3;
const LEFT: u8 = 4;

/// One waiting task, and in its slot what it brings or takes.
pub(crate) struct Waiter<S> {
    phase: AtomicU8,
    /// There unless the phase is `IDLE`.
    inside: UnsafeCell<MaybeUninit<Inside<S>>>,
    _pinned: PhantomPinned,
}

struct Inside<S> {
    line: *const Line<S>,
    prev: Option<NonNull<Waiter<S>>>,
    next: Option<NonNull<Waiter<S>>>,
    waker: Option<Waker>,
    since: u64,
    slot: S,
}

// SAFETY: the raw pointers are followed only by a `Line`, under the queue's lock; the waker and the slot move between
// threads with it, hence `S: Send`. Guarded by every model in tests/loom.rs that hands over or cancels.
unsafe impl<S: Send> Send for Waiter<S> {}
// SAFETY: through `&Waiter` only the atomic phase can be read.
unsafe impl<S: Send> Sync for Waiter<S> {}

impl<S> Waiter<S> {
    #[inline]
    pub(crate) fn new() -> Self {
        // By a pointer, which the compiler follows late: a call it makes a constant of, whose bytes it then copies, none of
        // which mean anything.
        let uninit: fn() -> MaybeUninit<Inside<S>> = MaybeUninit::uninit;
        Self { phase: AtomicU8::new(IDLE), inside: UnsafeCell::new(uninit()), _pinned: PhantomPinned }
    }

    /// Where it stands. Anything but `Waiting` is final until its owner acts.
    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            IDLE => Phase::Idle,
            WAITING => Phase::Waiting,
            SERVED => Phase::Served,
            CLOSED => Phase::Closed,
            _ => Phase::Left,
        }
    }

    /// What it was given; its owner's once it is out of the line, none if it never stood in one. As if it never had stood
    /// in one from here on: there is nothing left to drop.
    #[inline]
    pub(crate) fn finish(mut self: Pin<&mut Self>) -> Option<S> {
        let inside = ptr::from_mut(self.as_mut().own()?);
        self.phase.store(IDLE, Ordering::Relaxed);
        // SAFETY: it was there, as `own` has found; from the line before on nobody takes it for there any more, so this is the
        // last access, and what is read is dropped once. No line links to it, so it may leave the pin.
        Some(unsafe { inside.read() }.slot)
    }

    /// What it brought, or was given, once it does not wait any more.
    pub(crate) fn slot(self: Pin<&mut Self>) -> Option<&mut S> {
        self.own().map(|inside| &mut inside.slot)
    }

    /// Since when it had waited, once it does not any more; answered once, so that the end of a wait is told once.
    pub(crate) fn take_since(self: Pin<&mut Self>) -> Option<u64> {
        let since = self.own().map(|inside| std::mem::take(&mut inside.since))?;
        Some(since).filter(|since| *since > 0)
    }

    #[inline]
    fn own(self: Pin<&mut Self>) -> Option<&mut Inside<S>> {
        match self.phase() {
            Phase::Idle => None,
            Phase::Waiting => panic!("the inside belongs to the line while its owner waits"),
            Phase::Served | Phase::Closed | Phase::Left => {
                // SAFETY: it was in a line and is not any more, so its inside is there and no line touches it (the
                // acquire load above ordered the last touch before this), and `Pin<&mut Self>` makes this the only
                // access. Nothing is moved out of the pin.
                Some(unsafe { (*self.get_unchecked_mut().inside.get()).assume_init_mut() })
            }
        }
    }
}

impl<S> Drop for Waiter<S> {
    #[inline]
    fn drop(&mut self) {
        if self.phase() != Phase::Idle {
            self.drop_inside();
        }
    }
}

impl<S> Waiter<S> {
    #[cold]
    fn drop_inside(&mut self) {
        if self.phase() == Phase::Waiting && !canary::sings("line") {
            // Unwinding would free memory that the line still links to.
            std::process::abort();
        }
        // SAFETY: as in `own`; this is the last access.
        unsafe { (*self.inside.get()).assume_init_drop() }
    }
}

/// Waiters in the order of their arrival.
pub(crate) struct Line<S> {
    head: Option<NonNull<Waiter<S>>>,
    tail: Option<NonNull<Waiter<S>>>,
    len: usize,
}

// SAFETY: a line is a part of what the queue's lock guards; it owns no waiter, and reaches their insides only through
// `&mut self`, on whichever thread holds the lock.
unsafe impl<S: Send> Send for Line<S> {}

impl<S> Default for Line<S> {
    fn default() -> Self {
        Self { head: None, tail: None, len: 0 }
    }
}

impl<S> Line<S> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Goes to the end of the line; bringing `slot`.
    pub(crate) fn join(&mut self, waiter: Pin<&mut Waiter<S>>, waker: Waker, since: u64, slot: S) {
        assert_eq!(waiter.phase(), Phase::Idle, "a waiter waits once");
        let line = ptr::from_ref(self);
        // SAFETY: the waiter is pinned and cannot be dropped in a line, so the pointer stays good until it leaves.
        let node = unsafe { NonNull::from(waiter.get_unchecked_mut()) };
        let inside = Inside { line, prev: self.tail, next: None, waker: Some(waker), since, slot };
        // SAFETY: it stands in no line (checked above), so this thread, which has its owner's `Pin<&mut>`, may; there is
        // no inside yet that this would overwrite.
        unsafe { (*node.as_ref().inside.get()).write(inside) };
        match self.tail {
            // SAFETY: every linked waiter is alive, stands in this line, and is reached through `&mut self` alone.
            Some(tail) => unsafe { self::inside(tail) }.next = Some(node),
            None => self.head = Some(node),
        }
        self.tail = Some(node);
        self.len += 1;
        // SAFETY: alive, as above. Relaxed will do: only its owner, here, and holders of the lock look at it.
        unsafe { node.as_ref() }.phase.store(WAITING, Ordering::Relaxed);
    }

    /// Leaves the line, from wherever it stands; says whether it still stood in it.
    ///
    /// The waker comes back, to be dropped after unlocking.
    pub(crate) fn leave(&mut self, waiter: Pin<&mut Waiter<S>>) -> (bool, Option<Waker>) {
        let Some(node) = self.member(waiter) else {
            return (false, None);
        };
        (true, self.unlink(node, LEFT))
    }

    /// Whether `waiter` is the one to be served next.
    pub(crate) fn is_first(&self, waiter: Pin<&mut Waiter<S>>) -> bool {
        // Only an address is compared.
        self.head.is_some_and(|head| ptr::eq(head.as_ptr(), ptr::from_ref(&*waiter)))
    }

    /// The slot of the one to be served next.
    #[inline]
    pub(crate) fn first(&mut self) -> Option<&mut S> {
        // SAFETY: a linked waiter is alive and reached through `&mut self` alone; the borrow ends with it.
        self.head.map(|head| unsafe { &mut inside(head).slot })
    }

    /// As [`first`](Self::first), to be read.
    pub(crate) fn first_slot(&self) -> Option<&S> {
        // SAFETY: as in `first`; the lock that gave `&self` is exclusive.
        self.head.map(|head| unsafe { &inside(head).slot })
    }

    /// Since when the one to be served next has waited.
    pub(crate) fn first_since(&self) -> Option<u64> {
        // SAFETY: as in `first`; the lock that gave `&self` is exclusive.
        self.head.map(|head| unsafe { inside(head).since })
    }

    /// The slot of a waiter that stands in this line.
    pub(crate) fn slot(&mut self, waiter: Pin<&mut Waiter<S>>) -> Option<&mut S> {
        // SAFETY: `member` found it in this line, which is reached through `&mut self` alone.
        self.member(waiter).map(|node| unsafe { &mut inside(node).slot })
    }

    /// Takes the first out of the line, as served or as closed. Wake it after unlocking.
    #[inline]
    pub(crate) fn release(&mut self, as_phase: Phase) -> Option<Waker> {
        let phase = if as_phase == Phase::Served { SERVED } else { CLOSED };
        self.head.and_then(|head| self.unlink(head, phase))
    }

    /// Takes the first one's waker and leaves it in the line: wake it after unlocking, to look for itself.
    pub(crate) fn alert_first(&mut self) -> Option<Waker> {
        // SAFETY: as in `first`.
        self.head.and_then(|head| unsafe { inside(head).waker.take() })
    }

    /// Whether the first one was not woken since it looked last.
    pub(crate) fn first_sleeps(&self) -> bool {
        // SAFETY: as in `first`; the lock that gave `&self` is exclusive.
        self.head.is_some_and(|head| unsafe { inside(head).waker.is_some() })
    }

    /// Whether `waker` would wake the same task as the one that `waiter` left here.
    pub(crate) fn knows(&mut self, waiter: Pin<&mut Waiter<S>>, waker: &Waker) -> bool {
        // SAFETY: as in `slot`.
        let known = self.member(waiter).and_then(|node| unsafe { inside(node) }.waker.as_ref());
        known.is_some_and(|known| known.will_wake(waker))
    }

    /// Leaves another waker; the old one comes back, to be dropped after unlocking.
    pub(crate) fn renew(&mut self, waiter: Pin<&mut Waiter<S>>, waker: Waker) -> Option<Waker> {
        match self.member(waiter) {
            // SAFETY: as in `slot`.
            Some(node) => unsafe { inside(node) }.waker.replace(waker),
            None => Some(waker),
        }
    }

    /// The node of `waiter` if it stands in a line, which has to be this one.
    fn member(&self, waiter: Pin<&mut Waiter<S>>) -> Option<NonNull<Waiter<S>>> {
        if waiter.phase() != Phase::Waiting {
            return None;
        }
        // SAFETY: nothing is moved out of the pin.
        let node = unsafe { NonNull::from(waiter.get_unchecked_mut()) };
        // SAFETY: `line` is written by `join` under the owner's `Pin<&mut>`, which we hold now; no line writes it.
        let line = unsafe { inside(node) }.line;
        assert!(ptr::eq(line, self), "a waiter leaves the line that it joined");
        Some(node)
    }

    #[inline]
    fn unlink(&mut self, node: NonNull<Waiter<S>>, phase: u8) -> Option<Waker> {
        // SAFETY: `node` stands in this line, so it is alive and reached through `&mut self` alone.
        let leaving = unsafe { inside(node) };
        let (prev, next, waker) = (leaving.prev.take(), leaving.next.take(), leaving.waker.take());
        match prev {
            // SAFETY: a neighbour in the line: alive, and not `node`.
            Some(prev) => unsafe { inside(prev) }.next = next,
            None => self.head = next,
        }
        match next {
            // SAFETY: a neighbour in the line: alive, and not `node`.
            Some(next) => unsafe { inside(next) }.prev = prev,
            None => self.tail = prev,
        }
        self.len -= 1;
        let order = if canary::sings("order") { Ordering::Relaxed } else { Ordering::Release };
        // SAFETY: still alive: its owner frees it only after it has read this store, or under the lock that we hold.
        unsafe { node.as_ref() }.phase.store(phase, order);
        waker
    }
}

impl<S> Drop for Line<S> {
    fn drop(&mut self) {
        if self.head.is_some() {
            // Its waiters would follow a dangling line.
            std::process::abort();
        }
    }
}

/// The inside of a waiter, as long as the caller likes.
///
/// # Safety
/// `node` is alive and stands in a line, and nobody else reaches its inside meanwhile: the caller has `&mut` of that
/// line, or the lock.
#[inline]
unsafe fn inside<'a, S>(node: NonNull<Waiter<S>>) -> &'a mut Inside<S> {
    // SAFETY: the caller's promise.
    unsafe { (*node.as_ref().inside.get()).assume_init_mut() }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::mem::ManuallyDrop;

    use super::*;

    #[cfg(unix)]
    fn ends_the_process(name: &str, what: fn()) {
        let ends = crate::testing::ends_the_process(module_path!(), name, what);
        assert!(ends, "it goes on with a pointer to memory that is freed");
    }

    /// Each to be dropped by hand.
    type InLine = (ManuallyDrop<Box<Line<()>>>, ManuallyDrop<Pin<Box<Waiter<()>>>>);

    /// A waiter in a line.
    fn in_line() -> InLine {
        let (mut line, mut waiter) = (Box::<Line<()>>::default(), Box::pin(Waiter::new()));
        line.join(waiter.as_mut(), Waker::noop().clone(), 0, ());
        (ManuallyDrop::new(line), ManuallyDrop::new(waiter))
    }

    #[test]
    #[cfg(unix)]
    fn a_waiter_that_is_dropped_in_its_line_ends_the_process() {
        ends_the_process("a_waiter_that_is_dropped_in_its_line_ends_the_process", || {
            let (_line, waiter) = in_line();
            drop(ManuallyDrop::into_inner(waiter));
        });
    }

    #[test]
    #[cfg(unix)]
    fn a_line_that_is_dropped_with_a_waiter_in_it_ends_the_process() {
        ends_the_process("a_line_that_is_dropped_with_a_waiter_in_it_ends_the_process", || {
            let (line, _waiter) = in_line();
            drop(ManuallyDrop::into_inner(line));
        });
    }

    #[test]
    fn a_waiter_drops_what_it_was_given_and_nobody_took() {
        let given = std::sync::Arc::new(());
        let (mut line, mut waiter) = (Line::default(), Box::pin(Waiter::new()));
        line.join(waiter.as_mut(), Waker::noop().clone(), 0, None);
        *line.first().expect("it waits") = Some(std::sync::Arc::clone(&given));
        assert!(line.release(Phase::Served).is_some());
        drop(waiter);
        assert_eq!(std::sync::Arc::strong_count(&given), 1);
    }
}
