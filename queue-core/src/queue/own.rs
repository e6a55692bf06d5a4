//! One count for everything: the pointers to what all handles of a queue share.
//!
//! With an `Arc` a queue would count its handles beside what that counts: two atomic operations for each handle that comes
//! or goes, and five more for the last one. Here a handle is counted once. There are four kinds of pointers:
//! - [`Handle`]s: with the last one the queue is closed;
//! - [`User`]s, which still count on it, as a delivery does: with the last of both kinds it is struck off its list;
//! - [`Look`]s, of those who read: with the last of these three kinds it is dropped;
//! - [`Memory`]: with the last of all the memory is freed.
//!
//! What makes it sound, and is checked by `own/models.rs`:
//! - all handles together have one user, all users one look, all looks one memory, and whoever takes a count to nothing
//!   gives that up. Nobody adds to a count of nothing: one who adds has a pointer of that kind, or of one before it; only
//!   a `Memory` may become a handle, and asks in the same operation whether there is one;
//! - whoever has the one handle of a queue without users, of which nobody ever had a look or the memory, is alone with it.
//!   That is one word: a bit of the first count stays set once anybody had, one for each. Two words would not do, as others
//!   could go back and forth between them;
//! - where nobody ever had the memory, whoever has the one handle of a queue without users has all the pointers that this
//!   count counts, and where there is one look and one memory, whoever has the look has all pointers: both may count by plain
//!   stores.

#![allow(unsafe_code)]

mod counts;

use std::any::Any;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::ptr::NonNull;

use crate::stats::member::Member;
use crate::sync::{AtomicU64, Ordering};
use counts::{Counts, HANDLE, LOOK, MEMORY, REMEMBERED, SHOWN, USER, USERS, bounded};

/// What all handles share, and what goes on when they are gone.
pub(crate) trait Shares {
    /// Whether it may go without a word. Asked by the last handle, if nobody else has any pointer.
    fn leaves_nothing(&mut self) -> bool;
    /// Leaves its list, if there is no more to it than that, and returns the look that the list had. Asked when the last
    /// handle is gone, if nobody else counts on it; others may look.
    fn leave(&self) -> Option<Look<dyn Member>>;
    /// The last handle is gone. A panic of foreign code goes on later.
    fn close(&self) -> Result<(), Box<dyn Any + Send>>;
    /// Nothing will be counted here any more. Returns the look of its list, if it was on one.
    fn strike(&self) -> Option<Look<dyn Member>>;
}

#[repr(C)]
struct Place<S: ?Sized> {
    counts: Counts,
    inside: ManuallyDrop<S>,
}

/// What every pointer is, whatever it counts as.
struct Pointer<S: ?Sized>(NonNull<Place<S>>, PhantomData<Place<S>>);

// SAFETY: as for an `Arc`: what is inside is used and dropped on any thread that has a pointer. Guarded by own/models.rs,
// where threads drop it.
unsafe impl<S: ?Sized + Send + Sync> Send for Pointer<S> {}
// SAFETY: as above.
unsafe impl<S: ?Sized + Send + Sync> Sync for Pointer<S> {}
/// A pointer that is moved moves nothing of what is inside.
impl<S: ?Sized> Unpin for Pointer<S> {}

impl<S> Pointer<S> {
    /// What is made in its place, and not moved there.
    #[inline(always)]
    fn new(holders: u64, inside: impl FnOnce() -> S) -> Self {
        let mut place = Box::<Place<S>>::new_uninit();
        place.write(Place {
            counts: Counts { holders: AtomicU64::new(holders), others: AtomicU64::new(LOOK + MEMORY) },
            inside: ManuallyDrop::new(inside()),
        });
        // SAFETY: it was written just now; every model begins here.
        let place = unsafe { place.assume_init() };
        Self(NonNull::from(Box::leak(place)), PhantomData)
    }
}

impl<S: ?Sized> Pointer<S> {
    #[inline]
    fn again(&self) -> Self {
        Self(self.0, PhantomData)
    }

    #[inline]
    fn counts(&self) -> &Counts {
        // SAFETY: the memory is there as long as a pointer of any kind is (see the top), and nobody has the counts to himself.
        // Guarded by own/models.rs.
        unsafe { &(*self.0.as_ptr()).counts }
    }

    /// What is inside, for all kinds but a memory.
    #[inline]
    fn inside(&self) -> &S {
        // SAFETY: what is inside is there as long as a handle, a user or a look is (see the top); who has it to himself has
        // the only pointer. Guarded by own/models.rs.
        unsafe { &(*self.0.as_ptr()).inside }
    }

    /// Drops what is inside.
    ///
    /// # Safety
    /// Nobody may reach it any more, and it was not dropped.
    unsafe fn empty(&self) {
        // SAFETY: the caller says so, and names its guard.
        unsafe { ManuallyDrop::drop(&mut (*self.0.as_ptr()).inside) };
    }
}

/// The memory, freed when this is dropped, whatever happens to what is inside.
struct Freed<'a, S: ?Sized>(&'a Pointer<S>);

impl<S: ?Sized> Drop for Freed<'_, S> {
    fn drop(&mut self) {
        // SAFETY: it came out of a box, and is made by who has the last pointer of any kind. What is inside is not dropped
        // with it. Guarded by own/models.rs.
        drop(unsafe { Box::from_raw(self.0.0.as_ptr()) });
    }
}

/// A handle: with the last one the queue is closed.
pub(crate) struct Handle<S: Shares>(Pointer<S>);

/// One that still counts on a queue: with the last one, and the last handle, it is struck off its list.
pub(crate) struct User<S: Shares>(Pointer<S>);

/// A look at a queue, or at something else that stands on a list: it keeps that alive and nothing else.
pub(crate) struct Look<S: ?Sized>(Pointer<S>);

/// The memory of a queue: it keeps nothing else.
pub(crate) struct Memory<S: ?Sized>(Pointer<S>);

impl<S: Shares> Handle<S> {
    /// The first handle of what is made in its place.
    #[inline(always)]
    pub(crate) fn new(inside: impl FnOnce() -> S) -> Self {
        Self(Pointer::new(HANDLE + USER, inside))
    }

    pub(crate) fn user(&self) -> User<S> {
        bounded((self.0.counts().holders.fetch_add(USER, Ordering::Relaxed) & USERS) / USER);
        User(self.0.again())
    }

    /// A look at it; it costs no atomic operation if this is the first pointer beside the handle.
    pub(crate) fn look(&mut self) -> Look<S> {
        let counts = self.0.counts();
        if counts.holders.load(Ordering::Acquire) == HANDLE + USER {
            // Nobody else can count: this is the only pointer of any kind.
            counts.holders.store(HANDLE + USER + SHOWN, Ordering::Relaxed);
            counts.others.store(LOOK + LOOK + MEMORY, Ordering::Relaxed);
        } else {
            counts.show(SHOWN);
            counts.add_look();
        }
        Look(self.0.again())
    }

    pub(crate) fn memory(&self) -> Memory<S> {
        self.0.counts().show(REMEMBERED);
        self.0.counts().add_memory();
        Memory(self.0.again())
    }
}

impl<S: Shares> Deref for Handle<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        self.0.inside()
    }
}

impl<S: Shares> Clone for Handle<S> {
    #[inline]
    fn clone(&self) -> Self {
        bounded(self.0.counts().holders.fetch_add(HANDLE, Ordering::Relaxed) / HANDLE);
        Self(self.0.again())
    }
}

impl<S: Shares> Drop for Handle<S> {
    #[inline]
    fn drop(&mut self) {
        let counts = self.0.counts();
        let holders = counts.holders.load(Ordering::Acquire);
        if holders == HANDLE + USER {
            // SAFETY: this is the only pointer of any kind, and others come from pointers; those that there were are
            // gone, and the load above has ordered all they did before this. Guarded by own/models.rs.
            let inside: &mut S = unsafe { &mut (*self.0.0.as_ptr()).inside };
            if inside.leaves_nothing() {
                let _freed = Freed(&self.0);
                // SAFETY: as above.
                return unsafe { self.0.empty() };
            }
        }
        if holders & !SHOWN == HANDLE + USER {
            // Those who look count elsewhere, and nobody else is left who could count here.
            counts.holders.store(holders - HANDLE, Ordering::Release);
            if let Some(listed) = self.leave() {
                // What all users had in common.
                return Look(self.0.again()).drop_with(Some(listed));
            }
        } else if counts.holders.fetch_sub(HANDLE, Ordering::AcqRel) / HANDLE > 1 {
            return;
        }
        // What all handles had in common.
        close(User(self.0.again()));
    }
}

#[inline(never)]
fn close<S: Shares>(user: User<S>) {
    let closed = user.close();
    // Even if an item's destructor panicked, the queue has to leave its list.
    drop(user);
    if let Err(panic) = closed {
        if !std::thread::panicking() {
            resume_unwind(panic);
        }
        // A payload's destructor may panic as well, which would end the process here.
        std::mem::forget(panic);
    }
}

impl<S: Shares> Deref for User<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.inside()
    }
}

impl<S: Shares> Drop for User<S> {
    fn drop(&mut self) {
        // The last one stays the last one where there is no handle: users come from handles.
        let is_last = |holders: u64| holders & !(SHOWN | REMEMBERED) == USER;
        let holders = &self.0.counts().holders;
        if is_last(holders.load(Ordering::Acquire)) || is_last(holders.fetch_sub(USER, Ordering::AcqRel)) {
            // What all users had in common.
            let look = Look(self.0.again());
            let listed = self.strike();
            look.drop_with(listed);
        }
    }
}

impl<S> Look<S> {
    /// A look at something that has no handles.
    pub(crate) fn alone(inside: S) -> Self {
        Self(Pointer::new(0, || inside))
    }
}

impl<S: Member + 'static> Look<S> {
    /// The same look, as it stands on a list.
    pub(crate) fn listed(self) -> Look<dyn Member> {
        let place: *mut Place<dyn Member> = ManuallyDrop::new(self).0.0.as_ptr();
        // SAFETY: it is that of a pointer, so it is not null, and counted as this look still. Guarded by the registry's tests
        // under `AddressSanitizer`: a look that is lost leaks, one too many is freed twice.
        Look(Pointer(unsafe { NonNull::new_unchecked(place) }, PhantomData))
    }
}

impl<S: ?Sized> Look<S> {
    /// Drops this one and that of a list.
    fn drop_with(self, listed: Option<Look<dyn Member>>) {
        let others = &self.0.counts().others;
        if others.load(Ordering::Acquire) == LOOK + LOOK + MEMORY {
            let listed = listed.filter(|listed| std::ptr::addr_eq(listed.0.0.as_ptr(), self.0.0.as_ptr()));
            if let Some(listed) = listed {
                // There are no others: nobody else can count, and this one has all that is left.
                others.store(LOOK + MEMORY, Ordering::Relaxed);
                std::mem::forget(listed);
            }
        }
    }

    /// Whether nobody looks but a list and all users together. Who looks no more has done so before.
    pub(crate) fn is_of_list_alone(&self) -> bool {
        self.0.counts().others.load(Ordering::Acquire) == LOOK + LOOK + MEMORY
    }

    /// Whether there is a handle.
    pub(crate) fn has_handles(&self) -> bool {
        self.0.counts().holders.load(Ordering::Acquire) >= HANDLE
    }
}

impl<S: ?Sized> Deref for Look<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.inside()
    }
}

impl<S: ?Sized> Clone for Look<S> {
    fn clone(&self) -> Self {
        self.0.counts().add_look();
        Self(self.0.again())
    }
}

impl<S: ?Sized> Drop for Look<S> {
    fn drop(&mut self) {
        let others = &self.0.counts().others;
        let is_all = |others: u64| others == LOOK + MEMORY;
        let mut before = others.load(Ordering::Acquire);
        if !is_all(before) {
            before = others.fetch_sub(LOOK, Ordering::AcqRel);
        }
        if is_all(before) {
            let _freed = Freed(&self.0);
            // SAFETY: no handle, user or look is left, as they would have a look, and no memory but that of all looks.
            // Guarded by own/models.rs.
            unsafe { self.0.empty() };
        } else if before / LOOK == 1 {
            // What all looks had in common.
            let _memory = Memory(self.0.again());
            // SAFETY: as above, and who has the memory does not look inside.
            unsafe { self.0.empty() };
        }
    }
}

impl<S: Shares> Memory<S> {
    /// A handle, if there is one still.
    pub(crate) fn handle(&self) -> Option<Handle<S>> {
        let one_more = |holders: u64| (holders >= HANDLE).then_some(holders + HANDLE);
        let before = self.0.counts().holders.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more).ok()?;
        bounded(before / HANDLE);
        Some(Handle(self.0.again()))
    }
}

impl<S: ?Sized> Clone for Memory<S> {
    fn clone(&self) -> Self {
        self.0.counts().add_memory();
        Self(self.0.again())
    }
}

impl<S: ?Sized> Drop for Memory<S> {
    fn drop(&mut self) {
        if self.0.counts().others.fetch_sub(MEMORY, Ordering::AcqRel) == MEMORY {
            drop(Freed(&self.0));
        }
    }
}

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
