//! Getting: the verbs, and what becomes of an item that goes out.

use std::time::Duration;

use super::QueueOf;
use super::block::{Stuck, block_on_after};
use super::calm::Turn;
use super::delivery::Delivery;
use super::discipline::Kind;
use super::error::GetError;
use super::getter::{Get, Take};
use super::lanes::Trod;
use super::shared::{Glance, Shared};
use super::short::Short;
use super::state::Next;
use super::tell::Went;
use super::wait::within;
use super::wakes::wake;
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
        Get::new(self.shared())
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
        match self.shared().get_alone() {
            Ok(item) => Ok(item),
            Err(None) => try_among_others(self.shared()),
            Err(tried) => try_shortly(self.shared(), tried),
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
        self.block_to_get(None)
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
        self.block_to_get(Some(limit))
    }

    #[track_caller]
    #[inline]
    fn block_to_get(&self, limit: Option<Duration>) -> Result<T, GetError> {
        let tried = match self.shared().get_quickly() {
            Ok(item) => return Ok(item),
            Err(tried) => tried,
        };
        if tried.is_none() {
            if let Some(item) = self.shared().get_in_lane_quickly() {
                return Ok(item);
            }
        }
        block_on_after(|get| get.attempt_after(tried), self.get(), limit)
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
        let (item, went) = Take::new(self.shared(), true).await?;
        Ok(Delivery::new(self, item, went))
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

/// As [`try_shortly`], of a queue that threads share: mostly with nothing else to do, and then with no frame.
#[inline(never)]
fn try_among_others<T, K: Kind<T>>(shared: &Shared<T, K>) -> Result<T, GetError> {
    shared.get_among_others().or_else(|tried| try_shortly(shared, tried))
}

/// Gets the next item now, if one is there.
#[inline(never)]
fn try_shortly<T, K: Kind<T>>(shared: &Shared<T, K>, tried: Option<Glance<'_, T, K>>) -> Result<T, GetError> {
    if tried.is_none() {
        match shared.get_in_lane(None) {
            Trod::Done(item) => return Ok(item),
            // They are open as long as it is.
            Trod::Stuck(_) => return Err(GetError::Empty),
            Trod::Off => {}
        }
    }
    let mut state = shared.glance_after(tried);
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
        Short::Wait | Short::Look => get_long(shared, Turn::new(state)).unwrap_or(Err(GetError::Empty)),
    }
}

/// Gets what is there now, by the long way; if nothing is, says so.
#[cold]
pub(super) fn get_long<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    mut turn: Turn<'_, T, K>,
) -> Result<Result<T, GetError>, Stuck> {
    let (next, stuck) = (turn.take(), turn.stuck(Some(Side::Get)));
    drop(turn);
    conclude(shared, next, false).map(|got| got.map(|(item, _)| item)).ok_or(stuck)
}

/// An item, and what is known of it.
pub(super) type Taken<T> = (T, Went);

/// What is left to do, unlocked, once it is known what there is; none if that is nothing.
#[inline]
pub(super) fn conclude<T, K: Kind<T>>(
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
