//! Reserving: room first, the item later.
//!
//! A permit is a slot that was granted and not yet claimed, as a waiting put has for a moment: it counts as room taken
//! (`is_full`), not as an item (`len`).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::QueueOf;
use super::discipline::{Fifo, Kind};
use super::error::PutError;
use super::offer::Offer;
use super::put::claim;
use super::shared::Shared;
use super::state::State;
use super::wait::{Waited, poll_wait, stop_waiting, tell_end};
use super::waiters::{Phase, Waiter};
use super::wakes::wake;
use crate::observe::Side;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Reserves room for one item, waiting for it whatever the queue's [`Overflow`](crate::Overflow) is.
    ///
    /// The item can then be made and put without waiting; a permit that is dropped gives its room to the next.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] if the queue is shut down first.
    ///
    /// # Cancel safety
    /// A dropped `reserve` reserves nothing.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::bounded("doc.reserve", 1);
    /// let permit = queue.reserve().await.unwrap();
    /// assert!(queue.is_full() && queue.is_empty());
    /// permit.put("made late").unwrap();
    /// assert_eq!(queue.get().await, Ok("made late"));
    /// # }
    /// ```
    pub async fn reserve(&self) -> Result<Permit<T, K>, PutError<()>> {
        Reserve { shared: self.shared(), kept: false, waiter: Waiter::new() }.await?;
        self.shared().claims.add_producer();
        Ok(Permit { queue: self.clone(), spent: false })
    }
}

/// Room for one item; see [`reserve`](QueueOf::reserve). It keeps the queue open as a handle does, and as a
/// [`Producer`](super::Producer) does.
#[must_use = "a permit that is dropped gives its room to the next"]
pub struct Permit<T, K: Kind<T> = Fifo> {
    queue: QueueOf<T, K>,
    spent: bool,
}

impl<T, K: Kind<T>> Permit<T, K> {
    /// Puts `item` into the room that was reserved; never waits, never lets another item go.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] with `item`, if the queue was shut down since.
    pub fn put(mut self, item: T) -> Result<(), PutError<T>> {
        let mut offer = Offer::of(item);
        offer.begin(self.queue.shared());
        let put = claim(self.queue.shared(), &mut offer, None);
        self.spent = true;
        put
    }
}

impl<T, K: Kind<T>> Drop for Permit<T, K> {
    fn drop(&mut self) {
        if !self.spent {
            let next = self.queue.shared().lock().give_up_grant();
            wake(next);
        }
        self.queue.shared().drop_producer();
    }
}

impl<T, K: Kind<T>> fmt::Debug for Permit<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("queue", &self.queue.name()).finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for a slot; the slot is its own until it is `kept`.
    struct Reserve<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        kept: bool,
        #[pin]
        waiter: Waiter<Option<T>>,
    }

    impl<T, K> PinnedDrop for Reserve<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            stop_waiting(this.shared, Some(Side::Put), |state| &mut state.putters, this.waiter.as_mut());
            if !*this.kept && this.waiter.phase() == Phase::Served {
                let next = this.shared.lock().give_up_grant();
                wake(next);
            }
            tell_end(this.shared, Side::Put, this.waiter);
        }
    }
}

impl<T, K: Kind<T>> Future for Reserve<'_, T, K> {
    type Output = Result<(), PutError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let attempt = State::reserve;
        let waited = poll_wait(*this.shared, None, this.waiter, cx, Side::Put, |state| &mut state.putters, attempt);
        let reserved = match ready!(waited) {
            Waited::AtOnce(reserved) => reserved,
            Waited::Ended(Phase::Served, _) => true,
            Waited::Ended(..) => false,
        };
        *this.kept = true;
        Poll::Ready(if reserved { Ok(()) } else { Err(PutError::ShutDown(())) })
    }
}
