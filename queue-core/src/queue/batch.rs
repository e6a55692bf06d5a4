//! Batches: wait for the first item as long as it takes, then linger for more.
//!
//! A batch is a watcher: it is told of items but handed none, so while it lingers it claims nothing and a dropped one
//! loses nothing. If others take all that it was shown, or a getter that came later is handed an item, it keeps the head
//! of the line from then on, and nobody else is served until it leaves; so it is overtaken once at most.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::Sleep;

use super::QueueOf;
use super::delivery::Delivery;
use super::discipline::Kind;
use super::error::GetError;
use super::lock::Guard;
use super::reading::Side;
use super::shared::Shared;
use super::state::{State, Watch};
use super::wait::{is_over, keep_waiting};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, forget};

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Gets up to `max` items: waits for the first as long as it takes, then returns at `max` items or `linger` after
    /// the first was there, whichever comes first. Never an empty `Vec`.
    ///
    /// On a bounded queue a full queue is a full batch; after a shutdown it is what there is. While it lingers other
    /// getters may take items; if they took all, the clock starts anew, once: from then on the batch keeps the head of
    /// the line. Needs tokio's timer if it lingers.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] once the queue is shut down and nothing is left to get.
    ///
    /// # Panics
    /// If `max` is 0, or if it has to linger outside a tokio runtime with a timer.
    ///
    /// # Cancel safety
    /// Loses nothing: items stay in the queue until the batch is returned.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// let queue = queue_core::Queue::bounded("doc.batch", 10);
    /// for i in 0..5 {
    ///     queue.put(i).await.unwrap();
    /// }
    /// assert_eq!(queue.get_batch(3, Duration::from_millis(10)).await.unwrap(), [0, 1, 2]);
    /// assert_eq!(queue.get_batch(3, Duration::from_millis(10)).await.unwrap(), [3, 4]);
    /// # }
    /// ```
    #[track_caller]
    pub fn get_batch(&self, max: usize, linger: Duration) -> Batch<'_, T, K> {
        assert!(max > 0, "a batch of at most 0 items would never return; ask for 1 or more");
        Batch { shared: self.shared(), max, linger, expired: false, timer: None, waiter: Waiter::new(Watch(1)) }
    }

    /// As [`get_batch`](Self::get_batch), each item as a [`Delivery`], which finishes it exactly once.
    ///
    /// # Errors
    /// As [`get_batch`](Self::get_batch).
    ///
    /// # Panics
    /// As [`get_batch`](Self::get_batch).
    ///
    /// # Cancel safety
    /// As [`get_batch`](Self::get_batch).
    pub async fn receive_batch(&self, max: usize, linger: Duration) -> Result<Vec<Delivery<T, K>>, GetError> {
        let items = self.get_batch(max, linger).await?;
        Ok(items.into_iter().map(|item| Delivery::new(self, item)).collect())
    }
}

pin_project! {
    /// The future of [`get_batch`](QueueOf::get_batch).
    #[must_use = "a batch does nothing unless awaited"]
    pub struct Batch<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        max: usize,
        linger: Duration,
        expired: bool,
        #[pin]
        timer: Option<Sleep>,
        #[pin]
        waiter: Waiter<Watch>,
    }

    impl<T, K> PinnedDrop for Batch<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.waiter.phase() == Phase::Waiting {
                let mut wakes = Wakes::default();
                let waker = leave(&mut this.shared.lock(), this.waiter, &mut wakes);
                forget(waker);
                wakes.wake();
            }
        }
    }
}

/// What a batch sees when it looks.
enum Look {
    /// Nothing that it may take.
    Nothing,
    /// The first items, or some but not enough.
    Some { first: bool },
    /// This many items, and no reason to wait for more.
    Enough(usize),
    /// Nothing ever again.
    Over,
}

impl<T, K: Kind<T>> Future for Batch<'_, T, K> {
    type Output = Result<Vec<T>, GetError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut items = Vec::new();
        let mut waits_from_now = self.waiter.phase() == Phase::Idle;
        loop {
            self.as_mut().stand_in_line(cx);
            let mut this = self.as_mut().project();
            let mut state = this.shared.lock();
            match look(&mut state, this.waiter.as_mut(), *this.max, this.linger.is_zero() || *this.expired) {
                Look::Over => {
                    // It may be the only one that was told.
                    let mut wakes = Wakes::default();
                    let waker = leave(&mut state, this.waiter, &mut wakes);
                    drop(state);
                    forget(waker);
                    wakes.wake();
                    budget.made_progress();
                    return Poll::Ready(Err(GetError::ShutDown));
                }
                Look::Nothing => {
                    if waits_from_now {
                        state.count_wait(Side::Get);
                    }
                    drop(state);
                    *this.expired = false;
                    this.timer.set(None);
                    return Poll::Pending;
                }
                Look::Some { first } => {
                    if std::mem::take(&mut waits_from_now) {
                        state.count_wait(Side::Get);
                    }
                    drop(state);
                    if first || this.timer.is_none() {
                        this.timer.set(Some(tokio::time::sleep(*this.linger)));
                    }
                    *this.expired = this.timer.as_pin_mut().is_some_and(|timer| is_over(timer, cx));
                    if !*this.expired {
                        return Poll::Pending;
                    }
                }
                // Memory is reserved unlocked, so it takes another look.
                Look::Enough(there) if there > items.capacity() => {
                    drop(state);
                    items.reserve_exact(there);
                }
                Look::Enough(there) => {
                    let mut wakes = Wakes::default();
                    state.take_batch(&mut items, there, &mut wakes);
                    let waker = leave(&mut state, this.waiter, &mut wakes);
                    drop(state);
                    forget(waker);
                    wakes.wake();
                    budget.made_progress();
                    return Poll::Ready(Ok(items));
                }
            }
        }
    }
}

impl<T, K: Kind<T>> Batch<'_, T, K> {
    /// Joins the line of watchers, or keeps its place there.
    fn stand_in_line(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        match this.waiter.phase() {
            Phase::Waiting => {
                keep_waiting(this.shared, |state| &mut state.watchers, this.waiter, cx.waker());
            }
            Phase::Idle => {
                let waker = cx.waker().clone();
                let mut state = this.shared.lock();
                let since = state.stand_since();
                *this.waiter.as_mut().slot() = Watch(1);
                state.watchers.join(this.waiter, waker, since);
            }
            Phase::Served | Phase::Closed => {}
        }
    }
}

/// Looks at what is buffered, and says what to be told of next.
fn look<T, K: Kind<T>>(
    state: &mut Guard<'_, State<T, K>>,
    mut waiter: Pin<&mut Waiter<Watch>>,
    max: usize,
    impatient: bool,
) -> Look {
    if waiter.phase() == Phase::Closed || state.is_over() {
        return Look::Over;
    }
    if !state.watchers.is_first(waiter.as_mut()) {
        return Look::Nothing;
    }
    let (there, enough) = state.batch(max);
    let Some(watch) = state.watchers.slot(waiter) else {
        return Look::Over;
    };
    let first = *watch == Watch(1);
    if there == 0 {
        *watch = Watch(1);
        Look::Nothing
    } else if there >= enough || impatient {
        Look::Enough(there)
    } else {
        *watch = Watch(enough);
        Look::Some { first }
    }
}

/// Leaves the line, and lets those who stood behind have what is left.
fn leave<T, K: Kind<T>>(
    state: &mut Guard<'_, State<T, K>>,
    mut waiter: Pin<&mut Waiter<Watch>>,
    wakes: &mut Wakes,
) -> Option<std::task::Waker> {
    // Its wait counts up to now.
    state.tick();
    let was_first = state.watchers.is_first(waiter.as_mut());
    let (_, waker) = state.watchers.leave(waiter);
    if was_first {
        state.settle(wakes);
    }
    waker
}
