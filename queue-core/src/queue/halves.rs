//! The two halves of a queue: one that puts, one that gets.
//!
//! Each is a handle with the verbs of its side. What a handle has not: with the last one of a side that side ends, so
//! that neither getters nor putters wait for somebody who is gone.

use std::fmt;
use std::time::Duration;

use super::delivery::Delivery;
use super::discipline::{Fifo, Kind};
use super::error::{CapacityError, GetError, PutError, TaskDoneError};
use super::place::Place;
use super::state::Watch;
use super::{Batch, Get, Permit, Put, QueueOf, Shutdown, WeakQueue};
use crate::stats::QueueStats;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Splits the queue into the half that puts and the half that gets.
    ///
    /// When the last [`Producer`] is dropped, the queue is shut down as by [`Shutdown::Drain`]; when the last
    /// [`Consumer`] is dropped, as by [`Shutdown::Immediate`], and puts give their item back. The halves of all splits
    /// of one queue count together. Other handles do not keep it open; a [`Permit`] does, as a producer.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use queue_core::{GetError, Queue};
    /// let (producer, consumer) = Queue::bounded("doc.split", 10).split();
    /// let putter = tokio::spawn(async move { producer.put_all(0..3).await });
    /// for item in 0..3 {
    ///     assert_eq!(consumer.get().await, Ok(item));
    /// }
    /// // The task has ended, and its producer with it: there is nothing to wait for.
    /// assert_eq!(consumer.get().await, Err(GetError::ShutDown));
    /// # putter.await.unwrap().unwrap();
    /// # }
    /// ```
    #[must_use = "a half that is dropped ends its side of the queue"]
    pub fn split(self) -> (Producer<T, K>, Consumer<T, K>) {
        self.shared().claims.split();
        (Producer::of(self.clone(), false), Consumer { queue: self, place: Place::none() })
    }
}

/// The half of a queue that puts, and a `futures` sink; see [`split`](QueueOf::split).
///
/// A clone puts into the same queue. When the last one is dropped or closed, nothing comes in any more, and getters
/// are told once they have got what is left.
///
/// As a sink it follows the queue's [`Overflow`](crate::Overflow): with `Wait` it is ready when it has room for an
/// item, which is its own until the item comes; otherwise it is ready at once. A refused item comes back in the error.
/// What was sent needs no flush. Closing the sink ends this producer as dropping it would, so the last one shuts the
/// queue down ([`Shutdown::Drain`]); it does not wait until the items are got.
///
/// A sink that waits keeps its place in the line, and the room that it is given there, also if a `send` is dropped and
/// nobody polls it any more: until it is ready and sends, is closed or dropped, or another verb of this producer puts.
/// One that is ready keeps its room until it sends: with capacity 1 another put of the same task would wait for ever.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::{SinkExt, StreamExt, stream};
/// let (producer, consumer) = queue_core::Queue::bounded("doc.sink", 2).split();
/// let forwarded = tokio::spawn(stream::iter(0..5).map(Ok).forward(producer));
/// assert_eq!(consumer.collect::<Vec<u32>>().await, [0, 1, 2, 3, 4]);
/// # forwarded.await.unwrap().unwrap();
/// # }
/// ```
#[must_use = "with its last producer a queue is drained"]
pub struct Producer<T, K: Kind<T> = Fifo> {
    pub(super) queue: QueueOf<T, K>,
    /// Where the sink waits for room.
    pub(super) place: Place<Option<T>>,
    /// The sink has its room.
    pub(super) ready: bool,
    /// How long it waited for it, if that was measured.
    pub(super) waited: Option<Duration>,
    /// The sink was closed: this one has no claim to the queue any more.
    pub(super) closed: bool,
}

/// The half of a queue that gets, and a `futures` stream; see [`split`](QueueOf::split).
///
/// A clone gets from the same queue. When the last one is dropped, what is buffered is let go, and puts give their item
/// back.
///
/// As a stream it yields items until the queue is shut down and nothing is left. Each item owes a
/// [`task_done`](Self::task_done), if anybody joins the queue. A stream takes an item when it is polled and not before:
/// it is told of items, not handed to, so a stream that is dropped or not polled any more loses none. One that waits
/// and was overtaken by others keeps the head of the line from then on, until it is polled or dropped or another verb of
/// this consumer gets: whoever stops polling a stream for long drops it.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::StreamExt;
/// let (producer, mut consumer) = queue_core::Queue::bounded("doc.stream", 10).split();
/// producer.put_all(1..=3).await.unwrap();
/// drop(producer);
/// let mut sum = 0;
/// while let Some(item) = consumer.next().await {
///     sum += item;
///     consumer.task_done().unwrap();
/// }
/// assert_eq!(sum, 6);
/// # }
/// ```
#[must_use = "with its last consumer a queue ends"]
pub struct Consumer<T, K: Kind<T> = Fifo> {
    pub(super) queue: QueueOf<T, K>,
    /// Where the stream waits for an item.
    pub(super) place: Place<Watch>,
}

/// A verb of a half that is the same verb of the queue, reached through the method before the arrow.
macro_rules! verb {
    ($via:ident => $(#[$attr:meta])* async fn $name:ident($($arg:ident: $ty:ty),*) -> Result<$ok:ty, $error:ty>) => {
        #[doc = concat!("As [`QueueOf::", stringify!($name), "`].\n\n# Errors\nAs there.\n\n# Cancel safety\nAs there.")]
        $(#[$attr])*
        pub async fn $name(&self, $($arg: $ty),*) -> Result<$ok, $error> {
            self.$via().$name($($arg),*).await
        }
    };
    ($via:ident => async fn $name:ident()) => {
        #[doc = concat!("As [`QueueOf::", stringify!($name), "`].\n\n# Cancel safety\nAs there.")]
        pub async fn $name(&self) {
            self.$via().$name().await;
        }
    };
    ($via:ident => $(#[$attr:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> Result<$ok:ty, $error:ty>) => {
        #[doc = concat!("As [`QueueOf::", stringify!($name), "`].\n\n# Errors\nAs there.")]
        $(#[$attr])*
        pub fn $name(&self, $($arg: $ty),*) -> Result<$ok, $error> {
            self.$via().$name($($arg),*)
        }
    };
    ($via:ident => $(#[$attr:meta])* fn $name:ident($($arg:ident: $ty:ty),*) $(-> $output:ty)?) => {
        #[doc = concat!("As [`QueueOf::", stringify!($name), "`].")]
        $(#[$attr])*
        pub fn $name(&self, $($arg: $ty),*) $(-> $output)? {
            self.$via().$name($($arg),*)
        }
    };
}

/// Verbs that both halves have.
macro_rules! verbs_of_both {
    ($half:ident) => {
        impl<T, K: Kind<T>> $half<T, K> {
            verb! { queue => async fn join() }
            verb! { queue => #[track_caller] fn blocking_join() }
            verb! { queue => fn shutdown(how: Shutdown) }
            verb! { queue => #[must_use] fn is_shut_down() -> bool }
            verb! { queue => async fn until_shut_down() }
            verb! { queue => #[must_use] fn name() -> &str }
            verb! { queue => #[doc(alias = "qsize")] #[must_use] fn len() -> usize }
            verb! { queue => #[doc(alias = "maxsize")] #[must_use] fn capacity() -> Option<usize> }
            verb! { queue => #[doc(alias = "empty")] #[must_use] fn is_empty() -> bool }
            verb! { queue => #[doc(alias = "full")] #[must_use] fn is_full() -> bool }
            verb! { queue => fn set_capacity(items: usize) -> Result<(), CapacityError> }
            verb! { queue => fn downgrade() -> WeakQueue<T, K> }
            verb! { queue => #[must_use] fn stats() -> QueueStats }

            fn queue(&self) -> &QueueOf<T, K> {
                &self.queue
            }
        }

        impl<T, K: Kind<T>> fmt::Debug for $half<T, K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($half)).field(&self.queue).finish()
            }
        }
    };
}

verbs_of_both!(Producer);
verbs_of_both!(Consumer);

impl<T, K: Kind<T>> Producer<T, K> {
    verb! { putting => fn put(item: T) -> Put<'_, T, K> }
    verb! { putting => #[doc(alias = "put_nowait")] fn try_put(item: T) -> Result<(), PutError<T>> }
    verb! { putting => async fn put_timeout(item: T, limit: Duration) -> Result<(), PutError<T>> }
    verb! { putting => async fn put_all(items: impl IntoIterator<Item = T>) -> Result<(), PutError<Vec<T>>> }
    verb! { putting => async fn reserve() -> Result<Permit<T, K>, PutError<()>> }
    verb! { putting => #[track_caller] fn blocking_put(item: T) -> Result<(), PutError<T>> }
    verb! { putting => #[track_caller] fn blocking_put_timeout(item: T, limit: Duration) -> Result<(), PutError<T>> }

    fn of(queue: QueueOf<T, K>, closed: bool) -> Self {
        Self { queue, place: Place::none(), ready: false, waited: None, closed }
    }

    /// The queue, for a verb that puts: a sink that waits would be in its way.
    fn putting(&self) -> &QueueOf<T, K> {
        self.quit_place();
        &self.queue
    }
}

impl<T, K: Kind<T>> Consumer<T, K> {
    verb! { getting => fn get() -> Get<'_, T, K> }
    verb! { getting => #[doc(alias = "get_nowait")] fn try_get() -> Result<T, GetError> }
    verb! { getting => async fn get_timeout(limit: Duration) -> Result<T, GetError> }
    verb! { getting => #[track_caller] fn blocking_get() -> Result<T, GetError> }
    verb! { getting => #[track_caller] fn blocking_get_timeout(limit: Duration) -> Result<T, GetError> }
    verb! { getting => #[track_caller] fn get_batch(max: usize, linger: Duration) -> Batch<'_, T, K> }
    verb! { getting => async fn receive() -> Result<Delivery<T, K>, GetError> }
    verb! { getting =>
        async fn receive_batch(max: usize, linger: Duration) -> Result<Vec<Delivery<T, K>>, GetError>
    }
    verb! { getting => fn drain() -> Vec<T> }
    verb! { queue => fn task_done() -> Result<(), TaskDoneError> }
    verb! { queue => fn task_done_many(n: usize) -> Result<(), TaskDoneError> }

    /// The queue, for a verb that gets: a stream that waits would be in its way.
    fn getting(&self) -> &QueueOf<T, K> {
        self.quit_place();
        &self.queue
    }
}

impl<T, K: Kind<T>> Clone for Producer<T, K> {
    /// One more producer of the same queue; that of a closed one is closed.
    fn clone(&self) -> Self {
        if !self.closed {
            self.queue.shared().claims.add_producer();
        }
        Self::of(self.queue.clone(), self.closed)
    }
}

impl<T, K: Kind<T>> Clone for Consumer<T, K> {
    fn clone(&self) -> Self {
        self.queue.shared().claims.add_consumer();
        Self { queue: self.queue.clone(), place: Place::none() }
    }
}

impl<T, K: Kind<T>> Drop for Producer<T, K> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<T, K: Kind<T>> Drop for Consumer<T, K> {
    fn drop(&mut self) {
        self.quit_place();
        self.queue.shared().drop_consumer();
    }
}
