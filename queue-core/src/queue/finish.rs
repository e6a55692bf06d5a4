//! Finishing: items are done, the queue is joined, the queue is shut down.

use super::block::block_on;
use super::discipline::Kind;
use super::error::TaskDoneError;
use super::wait::Signal;
use super::{QueueOf, Shutdown};
use crate::observe::Outcome;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Says that one item that was got is processed.
    ///
    /// # Errors
    /// [`TaskDoneError`] if no item is in flight; nothing is counted then.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        self.task_done_many(1)
    }

    /// Says that `n` items that were got are processed.
    ///
    /// # Errors
    /// [`TaskDoneError`] if fewer are in flight; nothing is counted then.
    pub fn task_done_many(&self, n: usize) -> Result<(), TaskDoneError> {
        self.shared().finish(n, Outcome::Ok, None)
    }

    /// Waits until everything that was put is finished: done, or let go by the queue.
    ///
    /// # Cancel safety
    /// A dropped `join` changes nothing.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::bounded("doc.join", 10);
    /// queue.put(1).await.unwrap();
    /// let worker = tokio::spawn({
    ///     let queue = queue.clone();
    ///     async move {
    ///         queue.get().await.unwrap();
    ///         queue.task_done().unwrap();
    ///     }
    /// });
    /// queue.join().await;
    /// # worker.await.unwrap();
    /// # }
    /// ```
    pub async fn join(&self) {
        Signal::finished(self.shared()).await;
    }

    /// As [`join`](Self::join), on a plain thread, which is parked meanwhile.
    ///
    /// # Panics
    /// If it would have to wait on a thread that drives async tasks: use `join` there.
    #[track_caller]
    pub fn blocking_join(&self) {
        block_on(Signal::finished(self.shared()), None);
    }

    /// Shuts the queue down, for good. `Immediate` after `Drain` is allowed.
    ///
    /// With [`Shutdown::Drain`] puts fail at once with their item, waiting ones too; gets go on until nothing is left.
    /// With [`Shutdown::Immediate`] what is buffered is let go and counts as finished; [`join`](Self::join) still waits
    /// for what is in flight.
    ///
    /// # Panics
    /// A panic of the `on_drop` hook or of an item's destructor reaches the caller after everything else was done.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{GetError, PutError, Queue, Shutdown};
    /// let queue = Queue::bounded("doc.shutdown", 10);
    /// queue.try_put(1).unwrap();
    /// queue.shutdown(Shutdown::Drain);
    /// assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    /// assert_eq!(queue.try_get(), Ok(1));
    /// assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    /// ```
    pub fn shutdown(&self, how: Shutdown) {
        self.shared().shut_down(how);
    }

    /// Whether the queue was shut down, either way.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.shared().glance().is_shut_down()
    }

    /// Waits until the queue is shut down, either way.
    ///
    /// # Cancel safety
    /// A dropped one changes nothing.
    pub async fn until_shut_down(&self) {
        Signal::shut_down(self.shared()).await;
    }
}
