//! Getting: the verbs, and the future that waits for an item.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::block::{Blocking, Stuck, block_on};
use super::calm::{Short, Turn};
use super::delivery::Delivery;
use super::discipline::{Kind, Numbered};
use super::error::GetError;
use super::lock::Seen;
use super::shared::Shared;
use super::state::{Handed, Next, State};
use super::tell::Went;
use super::wait::{GiveUp, Waited, join, poll_wait, stop_waiting, tell_end, within};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, wake};
use super::{DropReason, QueueOf};
use crate::observe::Side;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Gets the next item, waiting while the queue is empty. Call [`task_done`](Self::task_done) when it is processed,
    /// if anybody joins the queue.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] once the queue is shut down and nothing is left to get.
    ///
    /// # Cancel safety
    /// Loses nothing: an item that was handed to a `get` that is dropped goes to the next getter, or back to its place.
    /// One that is kept and not polled any more keeps its item until it is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use queue_core::{GetError, Queue, Shutdown};
    /// let queue = Queue::unbounded("doc.get");
    /// queue.try_put(7).unwrap();
    /// queue.shutdown(Shutdown::Drain);
    /// assert_eq!(queue.get().await, Ok(7));
    /// assert_eq!(queue.get().await, Err(GetError::ShutDown));
    /// # }
    /// ```
    pub fn get(&self) -> Get<'_, T, K> {
        Get { take: self.take() }
    }

    /// Gets the next item if one is there.
    ///
    /// While a batch or a stream that was overtaken holds the head of the line, nothing is there for anybody else,
    /// although `len` may say otherwise.
    ///
    /// # Errors
    /// [`GetError::Empty`] if nothing is there for this getter now, [`GetError::ShutDown`] if nothing ever will be.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{GetError, Queue};
    /// let queue = Queue::<u8>::bounded("doc.try_get", 1);
    /// assert_eq!(queue.try_get(), Err(GetError::Empty));
    /// ```
    #[doc(alias = "get_nowait")]
    #[inline]
    pub fn try_get(&self) -> Result<T, GetError> {
        let mut state = self.shared().glance();
        if let Some(item) = state.get_quickly() {
            return Ok(item);
        }
        match state.get_at_once() {
            Short::Done(item) => Ok(item),
            Short::Woke(item, waker) => {
                drop(state);
                wake(Some(waker));
                Ok(item)
            }
            Short::Wait | Short::Look => get_long(self.shared(), Turn::new(state)).unwrap_or(Err(GetError::Empty)),
        }
    }

    /// Gets the next item, waiting for `limit` at most. Needs tokio's timer if it has to wait.
    ///
    /// What is ready beats an expired limit.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`GetError::TimedOut`].
    ///
    /// # Panics
    /// If it has to wait outside a tokio runtime with a timer.
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn get_timeout(&self, limit: Duration) -> Result<T, GetError> {
        within(self.get(), limit).await
    }

    /// Gets the next item on a plain thread, which is parked while the queue is empty.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Panics
    /// If it would have to wait on a thread that drives async tasks: use `get` there.
    #[track_caller]
    pub fn blocking_get(&self) -> Result<T, GetError> {
        block_on(self.get(), None)
    }

    /// Gets the next item on a plain thread, which is parked for `limit` at most while the queue is empty.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`GetError::TimedOut`].
    ///
    /// # Panics
    /// As [`blocking_get`](Self::blocking_get).
    #[track_caller]
    pub fn blocking_get_timeout(&self, limit: Duration) -> Result<T, GetError> {
        block_on(self.get(), Some(limit))
    }

    /// Gets the next item as a [`Delivery`], which finishes it exactly once, whatever happens.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::bounded("doc.receive", 10);
    /// queue.put(String::from("page")).await.unwrap();
    /// let page = queue.receive().await.unwrap();
    /// assert_eq!(page.len(), 4);
    /// page.done();
    /// queue.join().await;
    /// # }
    /// ```
    pub async fn receive(&self) -> Result<Delivery<T, K>, GetError> {
        let mut take = self.take();
        take.delivered = true;
        let (item, went) = take.await?;
        Ok(Delivery::new(self, item, went))
    }

    fn take(&self) -> Take<'_, T, K> {
        Take { shared: self.shared(), delivered: false, waiter: Waiter::new() }
    }

    /// Gets everything that is there for whoever comes now, as [`try_get`](Self::try_get) repeated would; the caller owes
    /// `task_done` for each item.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::unbounded("doc.drain");
    /// (0..3).for_each(|i| queue.try_put(i).unwrap());
    /// assert_eq!(queue.drain(), [0, 1, 2]);
    /// ```
    pub fn drain(&self) -> Vec<T> {
        let mut items = Vec::with_capacity(self.len());
        while let Ok(item) = self.try_get() {
            items.push(item);
        }
        items
    }
}

/// Gets what is there now, by the long way; if nothing is, says so.
#[cold]
fn get_long<T, K: Kind<T>>(shared: &Shared<T, K>, mut turn: Turn<'_, T, K>) -> Result<Result<T, GetError>, Stuck> {
    let (next, stuck) = (turn.take(), turn.stuck());
    drop(turn);
    conclude(shared, next, false).map(|got| got.map(|(item, _)| item)).ok_or(stuck)
}

/// An item, and what is known of it.
type Taken<T> = (T, Went);

/// A getter that waits to be handed an item.
type Hand<T> = Waiter<Option<Handed<T>>>;

/// What is left to do, unlocked, once it is known what there is; none if that is nothing.
#[inline]
fn conclude<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    next: Next<T>,
    delivered: bool,
) -> Option<Result<Taken<T>, GetError>> {
    match next {
        Next::Item(item, mut went, waker) => {
            wake(waker);
            shared.tell_went(&mut went, delivered);
            Some(Ok((item, went)))
        }
        Next::Nothing => None,
        Next::ShutDown => Some(Err(GetError::ShutDown)),
    }
}

/// Counts an item that was handed over as got.
fn collect<T, K: Kind<T>>(shared: &Shared<T, K>, waiter: Pin<&mut Hand<T>>, delivered: bool) -> Taken<T> {
    let handed = waiter.slot().and_then(Option::take).expect("a get was polled after it had completed");
    let mut state = shared.glance();
    if let Some(went) = state.collect_at_once(&handed) {
        return (handed.numbered.item, went);
    }
    let mut wakes = Wakes::default();
    let mut went = Turn::new(state).collect(&handed, &mut wakes);
    wakes.wake();
    shared.tell_went(&mut went, delivered);
    (handed.numbered.item, went)
}

pin_project! {
    /// The future of [`get`](QueueOf::get).
    #[must_use = "a get does nothing unless awaited; try_get gets without waiting"]
    pub struct Get<'a, T, K>
    where
        K: Kind<T>,
    {
        #[pin]
        take: Take<'a, T, K>,
    }
}

impl<T, K: Kind<T>> Future for Get<'_, T, K> {
    type Output = Result<T, GetError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let take = self.project().take;
        if take.waiter.phase() != Phase::Idle {
            return take.poll_waiting(cx);
        }
        let mut state = take.shared.glance();
        if let Some(item) = state.get_quickly() {
            return Poll::Ready(Ok(item));
        }
        match state.get_in_step(cx) {
            Short::Done(item) => Poll::Ready(Ok(item)),
            Short::Woke(item, waker) => {
                drop(state);
                wake(Some(waker));
                Poll::Ready(Ok(item))
            }
            Short::Wait => {
                drop(state);
                take.wait(cx)
            }
            Short::Look => take.poll_item(Some(Turn::new(state)), cx),
        }
    }
}

impl<T, K: Kind<T>> GiveUp for Get<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        self.project().take.give_up().map(|(item, _)| item)
    }
}

impl<T, K: Kind<T>> Blocking for Get<'_, T, K> {
    #[inline]
    fn attempt(self: Pin<&mut Self>) -> Result<Self::Output, Stuck> {
        let shared: &Shared<T, K> = self.project().take.shared;
        let mut state = shared.glance();
        if let Some(item) = state.get_quickly() {
            return Ok(Ok(item));
        }
        match state.get_at_once() {
            Short::Done(item) => Ok(Ok(item)),
            Short::Woke(item, waker) => {
                drop(state);
                wake(Some(waker));
                Ok(Ok(item))
            }
            Short::Wait => Err(state.stuck()),
            Short::Look => get_long(shared, Turn::new(state)),
        }
    }

    fn seen(&self) -> Seen {
        self.take.shared.seen()
    }

    fn is_settled(&self) -> bool {
        self.take.waiter.phase() != Phase::Waiting
    }
}

pin_project! {
    /// Waits for an item, and for what is known of it.
    struct Take<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        // Whether a delivery will ask for its times.
        delivered: bool,
        #[pin]
        waiter: Hand<T>,
    }

    impl<T, K> PinnedDrop for Take<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.waiter.phase() != Phase::Idle {
                leave(this.shared, this.waiter);
            }
        }
    }
}

/// A getter is dropped that has waited.
#[cold]
fn leave<T, K: Kind<T>>(shared: &Shared<T, K>, mut waiter: Pin<&mut Hand<T>>) {
    if stop_waiting(shared, Some(Side::Get), |state| &mut state.getters, waiter.as_mut()) {
        return;
    }
    let returned = waiter.as_mut().slot().and_then(Option::take);
    let let_go = returned.and_then(|item| {
        let mut wakes = Wakes::default();
        let let_go = shared.lock().return_item(item, &mut wakes);
        wakes.wake();
        let_go
    });
    tell_end(shared, Side::Get, waiter);
    if let Some(Numbered { number, item }) = let_go {
        shared.let_go(Some(number), item, DropReason::ShutDown);
    }
}

impl<T, K: Kind<T>> Future for Take<'_, T, K> {
    type Output = Result<Taken<T>, GetError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_long(None, cx)
    }
}

impl<T, K: Kind<T>> Take<'_, T, K> {
    /// Begins to wait, unless there is an item by now.
    #[cold]
    fn wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GetError>> {
        let this = self.as_mut().project();
        if join(*this.shared, this.waiter, cx, Side::Get, State::has_to_wait_for_item, |state| &mut state.getters) {
            return Poll::Pending;
        }
        self.poll_item(None, cx)
    }

    /// Goes on, after a wait as a rule.
    #[cold]
    fn poll_waiting(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GetError>> {
        let mut this = self.as_mut().project();
        if this.waiter.phase() != Phase::Served {
            return self.poll_item(None, cx);
        }
        tell_end(*this.shared, Side::Get, this.waiter.as_mut());
        Poll::Ready(Ok(collect(*this.shared, this.waiter, *this.delivered).0))
    }

    /// Gets by the long way, or waits.
    #[cold]
    fn poll_item(
        self: Pin<&mut Self>,
        turn: Option<Turn<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, GetError>> {
        self.poll_long(turn, cx).map_ok(|(item, _)| item)
    }

    #[inline]
    fn poll_long(
        self: Pin<&mut Self>,
        turn: Option<Turn<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Taken<T>, GetError>> {
        let mut this = self.project();
        let (shared, delivered): (&Shared<T, K>, bool) = (this.shared, *this.delivered);
        let attempt = |state: &mut State<T, K>| match state.take() {
            Next::Nothing => None,
            next => Some(next),
        };
        let waited = poll_wait(shared, turn, this.waiter.as_mut(), cx, Side::Get, |state| &mut state.getters, attempt);
        Poll::Ready(match ready!(waited) {
            Waited::AtOnce(next) => conclude(shared, next, delivered).unwrap_or(Err(GetError::Empty)),
            Waited::Ended(Phase::Served, _) => Ok(collect(shared, this.waiter, delivered)),
            Waited::Ended(..) => Err(GetError::ShutDown),
        })
    }
}

impl<T, K: Kind<T>> GiveUp for Take<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        let mut this = self.project();
        let (shared, delivered): (&Shared<T, K>, bool) = (this.shared, *this.delivered);
        if stop_waiting(shared, Some(Side::Get), |state| &mut state.getters, this.waiter.as_mut()) {
            return Err(GetError::TimedOut);
        }
        match this.waiter.phase() {
            // It never had its try: the task had spent its budget.
            Phase::Idle | Phase::Waiting => {
                let next = shared.lock().take();
                conclude(shared, next, delivered).unwrap_or(Err(GetError::TimedOut))
            }
            phase => {
                tell_end(shared, Side::Get, this.waiter.as_mut());
                match phase {
                    Phase::Served => Ok(collect(shared, this.waiter, delivered)),
                    _ => Err(GetError::ShutDown),
                }
            }
        }
    }
}
