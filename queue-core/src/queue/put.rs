//! Putting: the verbs, and the future that waits for room.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::block::block_on;
use super::discipline::Kind;
use super::error::PutError;
use super::reading::Side;
use super::shared::Shared;
use super::state::{Admission, State};
use super::wait::{GiveUp, Waited, poll_wait, stop_waiting, within};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, wake};
use super::{DropReason, QueueOf};

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Puts `item`, waiting for room while the queue is full.
    ///
    /// A getter that waits is handed the item itself. What happens on a full queue is up to its
    /// [`Overflow`](crate::Overflow): only `Wait` waits.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] returns `item` if the queue is shut down first, [`PutError::Full`] if it is full and
    /// rejects.
    ///
    /// # Cancel safety
    /// A dropped `put` that has not completed has put nothing, but `item` is dropped with it.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::bounded("doc.put", 10);
    /// queue.put("one").await.unwrap();
    /// assert_eq!(queue.get().await, Ok("one"));
    /// # }
    /// ```
    pub fn put(&self, item: T) -> Put<'_, T, K> {
        Put { shared: self.shared(), item: Some(item), waiter: Waiter::new(()) }
    }

    /// Puts `item` if that needs no waiting.
    ///
    /// # Errors
    /// [`PutError::Full`] and [`PutError::ShutDown`], with `item` in them.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{PutError, Queue};
    /// let queue = Queue::bounded("doc.try_put", 1);
    /// assert_eq!(queue.try_put(1), Ok(()));
    /// assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    /// ```
    #[doc(alias = "put_nowait")]
    #[inline]
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let mut slot = Some(item);
        let admission = admit(&mut self.shared().lock(), &mut slot, IfFull::Reject);
        conclude(self.shared(), admission.unwrap_or(Admission::Full), &mut slot)
    }

    /// Puts `item`, waiting for room for `limit` at most. Needs tokio's timer if it has to wait.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`PutError::TimedOut`]; the item comes back.
    ///
    /// # Panics
    /// If it has to wait outside a tokio runtime with a timer.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use queue_core::{PutError, Queue};
    /// let queue = Queue::bounded("doc.put_timeout", 1);
    /// queue.try_put(1).unwrap();
    /// assert_eq!(queue.put_timeout(2, Duration::from_secs(1)).await, Err(PutError::TimedOut(2)));
    /// # }
    /// ```
    pub async fn put_timeout(&self, item: T, limit: Duration) -> Result<(), PutError<T>> {
        within(self.put(item), limit).await
    }

    /// Puts every item of `items`, in order, waiting for room as needed: as many calls of [`put`](Self::put).
    ///
    /// The iterator runs unlocked, and is asked for an item only when the one before is in.
    ///
    /// # Errors
    /// As [`put`](Self::put); the error has what was pulled from the iterator and not put. What was put before stays.
    ///
    /// # Cancel safety
    /// What was put stays; the item being put, and those not pulled yet, are dropped with the iterator.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::unbounded("doc.put_all");
    /// queue.put_all(1..=3).await.unwrap();
    /// assert_eq!(queue.drain(), [1, 2, 3]);
    /// # }
    /// ```
    pub async fn put_all(&self, items: impl IntoIterator<Item = T>) -> Result<(), PutError<Vec<T>>> {
        for item in items {
            self.put(item).await.map_err(|error| error.map(|item| vec![item]))?;
        }
        Ok(())
    }

    /// Puts `item` from a plain thread, which is parked while the queue is full.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Panics
    /// If it would have to wait on a thread that drives async tasks: use `put` there.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::bounded("doc.blocking_put", 1);
    /// let putter = std::thread::spawn({
    ///     let queue = queue.clone();
    ///     move || (0..3).try_for_each(|i| queue.blocking_put(i))
    /// });
    /// assert_eq!((0..3).map(|_| queue.blocking_get().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    /// putter.join().unwrap().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_put(&self, item: T) -> Result<(), PutError<T>> {
        block_on(self.put(item), None)
    }

    /// Puts `item` from a plain thread, which is parked for `limit` at most while the queue is full.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`PutError::TimedOut`]; the item comes back.
    ///
    /// # Panics
    /// As [`blocking_put`](Self::blocking_put).
    #[track_caller]
    pub fn blocking_put_timeout(&self, item: T, limit: Duration) -> Result<(), PutError<T>> {
        block_on(self.put(item), Some(limit))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IfFull {
    /// Wait, if that is what the queue does.
    Wait,
    Reject,
}

/// What becomes of the item of `slot` now; none if it has to wait for room.
#[inline]
fn admit<T, K: Kind<T>>(state: &mut State<T, K>, slot: &mut Option<T>, if_full: IfFull) -> Option<Admission<T>> {
    let admission = state.admit(slot);
    if matches!(admission, Admission::Full) {
        if if_full == IfFull::Wait && state.waits_for_room() {
            return None;
        }
        state.count_rejected();
    }
    Some(admission)
}

/// What is left to do, unlocked, once it is known what became of the item.
#[inline]
fn conclude<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    admission: Admission<T>,
    slot: &mut Option<T>,
) -> Result<(), PutError<T>> {
    match admission {
        Admission::In(waker) => wake(waker),
        Admission::InFor(gone, waker) => {
            wake(waker);
            shared.let_go(gone, DropReason::Oldest);
        }
        Admission::LetGo(reason) => shared.let_go(not_put(slot), reason),
        Admission::Full => return Err(PutError::Full(not_put(slot))),
        Admission::ShutDown => return Err(PutError::ShutDown(not_put(slot))),
    }
    Ok(())
}

fn not_put<T>(slot: &mut Option<T>) -> T {
    slot.take().expect("an item that was not put is still in its slot")
}

pin_project! {
    /// The future of [`put`](QueueOf::put).
    #[must_use = "a put does nothing unless awaited; try_put puts without waiting"]
    pub struct Put<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        item: Option<T>,
        #[pin]
        waiter: Waiter<()>,
    }

    impl<T, K> PinnedDrop for Put<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            stop_waiting(this.shared, |state| &mut state.putters, this.waiter.as_mut());
            if this.item.is_some() && this.waiter.phase() == Phase::Served {
                let next = this.shared.lock().give_up_grant();
                wake(next);
            }
        }
    }
}

impl<T, K: Kind<T>> Put<'_, T, K> {
    /// Ends the wait: with the slot that was granted, or with the news of a shutdown.
    fn end(shared: &Shared<T, K>, phase: Phase, item: &mut Option<T>) -> Result<(), PutError<T>> {
        if phase == Phase::Closed {
            return Err(PutError::ShutDown(not_put(item)));
        }
        let mut wakes = Wakes::default();
        let claimed = shared.lock().claim(item, &mut wakes);
        wakes.wake();
        claimed.map_err(|()| PutError::ShutDown(not_put(item)))
    }
}

impl<T, K: Kind<T>> Future for Put<'_, T, K> {
    type Output = Result<(), PutError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (shared, item): (&Shared<T, K>, _) = (this.shared, this.item);
        assert!(item.is_some(), "a put was polled after it had completed");
        let attempt = |state: &mut State<T, K>| admit(state, item, IfFull::Wait);
        let waited = poll_wait(shared, this.waiter, cx, Side::Put, |state| &mut state.putters, attempt);
        Poll::Ready(match ready!(waited) {
            Waited::AtOnce(admission) => conclude(shared, admission, item),
            Waited::Ended(phase) => Self::end(shared, phase, item),
        })
    }
}

impl<T, K: Kind<T>> GiveUp for Put<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        let mut this = self.project();
        let shared: &Shared<T, K> = this.shared;
        if stop_waiting(shared, |state| &mut state.putters, this.waiter.as_mut()) {
            return Err(PutError::TimedOut(not_put(this.item)));
        }
        match this.waiter.phase() {
            // It never had its try: the task had spent its budget.
            Phase::Idle => {
                let admission = admit(&mut shared.lock(), this.item, IfFull::Wait);
                match admission {
                    Some(admission) => conclude(shared, admission, this.item),
                    None => Err(PutError::TimedOut(not_put(this.item))),
                }
            }
            phase => Self::end(shared, phase, this.item),
        }
    }
}
