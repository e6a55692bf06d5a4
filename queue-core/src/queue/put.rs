//! Putting: the verbs, and the future that waits for room.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::block::block_on;
use super::discipline::Kind;
use super::error::PutError;
use super::reading::Side;
use super::shared::Shared;
use super::state::Admission;
use super::wait::{GiveUp, keep_waiting, stop_waiting, within};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, forget, wake};
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
        match put_now(self.shared(), &mut slot, IfFull::Reject) {
            Poll::Ready(put) => put,
            Poll::Pending => unreachable!("a put that may not wait has an answer"),
        }
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

/// Puts the item of `slot` if that needs no waiting; pending if it does, and the item is still in its slot.
#[inline]
fn put_now<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    slot: &mut Option<T>,
    if_full: IfFull,
) -> Poll<Result<(), PutError<T>>> {
    let mut state = shared.lock();
    let admission = state.admit(slot);
    if matches!(admission, Admission::Full) {
        if if_full == IfFull::Wait && state.waits_for_room() {
            return Poll::Pending;
        }
        state.count_rejected();
    }
    drop(state);
    Poll::Ready(conclude(shared, admission, slot))
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
        let mut this = self.project();
        let shared: &Shared<T, K> = this.shared;
        assert!(this.item.is_some(), "a put was polled after it had completed");
        if keep_waiting(shared, |state| &mut state.putters, this.waiter.as_mut(), cx.waker()) {
            return Poll::Pending;
        }
        let phase = this.waiter.phase();
        if phase != Phase::Idle {
            return Poll::Ready(Self::end(shared, phase, this.item));
        }
        let budget = ready!(coop::poll_proceed(cx));
        if let Poll::Ready(put) = put_now(shared, this.item, IfFull::Wait) {
            budget.made_progress();
            return Poll::Ready(put);
        }
        // Full. The waker is cloned unlocked; then the queue is tried again and the line joined in one step.
        let waker = cx.waker().clone();
        let mut state = shared.lock();
        let admission = state.admit(this.item);
        if matches!(admission, Admission::Full) {
            let since = state.begin_wait(Side::Put);
            state.putters.join(this.waiter, waker, since);
            return Poll::Pending;
        }
        drop(state);
        forget(Some(waker));
        budget.made_progress();
        Poll::Ready(conclude(shared, admission, this.item))
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
            Phase::Idle => match put_now(shared, this.item, IfFull::Wait) {
                Poll::Ready(put) => put,
                Poll::Pending => Err(PutError::TimedOut(not_put(this.item))),
            },
            phase => Self::end(shared, phase, this.item),
        }
    }
}
