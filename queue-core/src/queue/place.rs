//! The place in line of a half: a stream waits between its polls, not within one future.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError, TryLockError};

use super::waiters::Waiter;

/// A waiter that outlives the calls it waits for; made when its owner first has to wait.
///
/// The owner polls it by `&mut`. Behind the mutex the verbs of the same half, which have only `&`, can quit it: while
/// one of their futures lives, nobody polls the stream or the sink, and nobody should wait for it to be polled.
pub(super) struct Place<S>(Option<Mutex<Pin<Box<Waiter<S>>>>>);

impl<S> Place<S> {
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// The waiter, if there is one.
    pub(super) fn get(&mut self) -> Option<Pin<&mut Waiter<S>>> {
        self.0.as_mut().map(|waiter| waiter.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut())
    }

    /// The waiter, made with `slot` if there is none.
    pub(super) fn get_or_make(&mut self) -> Pin<&mut Waiter<S>> {
        let waiter = self.0.get_or_insert_with(|| Mutex::new(Box::pin(Waiter::new())));
        waiter.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut()
    }

    /// Does `leave` to the waiter, if there is one.
    pub(super) fn quit(&self, leave: impl FnOnce(Pin<&mut Waiter<S>>)) {
        let mut waiter = match self.0.as_ref().map(Mutex::try_lock) {
            Some(Ok(waiter)) => waiter,
            // A panic of `Ord`; the waiter is as sound as before.
            Some(Err(TryLockError::Poisoned(waiter))) => waiter.into_inner(),
            // Somebody is quitting it already: another thread, or a caller of this one.
            Some(Err(TryLockError::WouldBlock)) | None => return,
        };
        leave(waiter.as_mut());
    }
}
