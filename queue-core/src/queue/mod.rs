//! Items move: put, buffered or handed over, got, finished.
//!
//! One short critical section guards everything; the files follow an item. [`put`](self) asks the `state` to admit it,
//! which hands it to a waiting getter or gives it to the `discipline`; [`get`](self) takes it out or joins the line of
//! `waiters`; `batch` and `delivery` are the other ways out. [`halves`](QueueOf::split) give each side a type of its own,
//! which is a `sink` or a `stream` as well.
//!
//! Deliberately absent: names of other rooms that read a queue. Where the data goes next: every move is counted in
//! [`stats`](crate::stats).

mod asking;
mod barrier;
mod batch;
mod beside;
mod bias;
mod block;
mod calm;
mod claims;
mod delivery;
mod discipline;
mod ending;
mod error;
mod finish;
mod get;
mod getter;
mod grant;
mod halves;
mod lanes;
mod leaning;
mod lock;
mod mark;
mod moves;
mod name;
mod offer;
mod own;
mod place;
mod put;
mod put_all;
mod putter;
mod reading;
mod reserve;
mod ring;
mod runs;
mod shared;
mod short;
mod since;
mod sink;
mod slots;
mod sorted;
mod state;
mod stream;
mod tags;
mod tell;
mod tune;
mod wait;
mod waiters;
mod wakes;
mod watching;
mod weak;

use std::fmt;

pub use batch::Batch;
pub use delivery::Delivery;
pub use discipline::{Fifo, Kind, Lifo, Priority};
pub use error::{BuildError, CapacityError, GetError, PutError, TaskDoneError};
pub use getter::Get;
pub use halves::{Consumer, Producer};
pub use putter::Put;
pub use reserve::Permit;
pub use tags::ItemSampling;
pub use weak::WeakQueue;

pub(crate) use name::Name;
#[cfg(all(test, loom))]
pub(crate) use own::Shares;
pub(crate) use own::{Handle, Look};
pub(crate) use shared::{OnDrop, Shared};
pub(crate) use state::State;

use crate::stats::QueueStats;

/// A queue that is first in, first out.
pub type Queue<T> = QueueOf<T, Fifo>;
/// A queue that is last in, first out.
pub type LifoQueue<T> = QueueOf<T, Lifo>;
/// A queue whose smallest item is next (as in asyncio), equals in put order.
///
/// `Ord` is asked under the queue's lock: it must not call the queue, which would panic or wait for itself for ever. If
/// it panics, the queue is as before.
pub type PriorityQueue<T> = QueueOf<T, Priority>;

/// What a put does on a full queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// `put` waits for room; `try_put` is refused.
    #[default]
    Wait,
    /// `put` and `try_put` are refused with [`PutError::Full`]; counted as rejected.
    Reject,
    /// The oldest item is let go and the put succeeds. LIFO: the bottom; priority: the least urgent of those buffered
    /// and the new one, among equals the newest.
    DropOldest,
    /// The new item is let go and the put succeeds.
    DropNewest,
}

/// Why the queue let an item go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// To make room ([`Overflow::DropOldest`]).
    Oldest,
    /// For want of room ([`Overflow::DropNewest`]).
    Newest,
    /// By an immediate shutdown, or with the last handle.
    ShutDown,
}

/// How a queue is shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// Nothing comes in any more; what is there goes out.
    Drain,
    /// Nothing comes in or goes out any more; what is there is let go.
    Immediate,
}

/// A handle to a queue: the one type behind [`Queue`], [`LifoQueue`] and [`PriorityQueue`].
///
/// A clone is the same queue. When the last handle is dropped, the queue is shut down as by [`Shutdown::Immediate`].
#[must_use = "a queue ends with its last handle"]
pub struct QueueOf<T, K: Kind<T> = Fifo> {
    shared: Handle<Shared<T, K>>,
}

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Takes over the one handle that `shared` was made with.
    pub(crate) fn from_shared(shared: Handle<Shared<T, K>>) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> &Shared<T, K> {
        &self.shared
    }

    pub(crate) fn handle(&self) -> &Handle<Shared<T, K>> {
        &self.shared
    }

    /// The name under which the queue is seen.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shared.name()
    }

    /// How many items are buffered now.
    #[doc(alias = "qsize")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.glance().depth()
    }

    /// The most items that are buffered, or `None` if there is no bound.
    #[doc(alias = "maxsize")]
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.shared.glance().capacity()
    }

    /// Whether nothing is buffered now.
    #[doc(alias = "empty")]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room now.
    #[doc(alias = "full")]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.glance().is_full()
    }

    /// One consistent snapshot: `put == got + dropped + depth + in_transit` holds in it.
    ///
    /// Ages, waits and integrals are exact to a tick while a [`Ticker`](crate::Ticker) runs; without one they advance
    /// at reads and when somebody blocks.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::bounded("doc.stats", 4);
    /// queue.try_put('a').unwrap();
    /// let stats = queue.stats();
    /// assert_eq!((stats.depth, stats.totals.put, stats.utilization()), (1, 1, Some(0.25)));
    /// ```
    #[must_use]
    pub fn stats(&self) -> QueueStats {
        self.shared.read()
    }
}

impl<T, K: Kind<T>> Clone for QueueOf<T, K> {
    fn clone(&self) -> Self {
        Self { shared: Handle::clone(&self.shared) }
    }
}

impl<T, K: Kind<T>> fmt::Debug for QueueOf<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (depth, capacity) = {
            let state = self.shared.glance();
            (state.depth(), state.capacity())
        };
        f.debug_struct("Queue")
            .field("name", &self.name())
            .field("depth", &depth)
            .field("capacity", &capacity)
            .finish_non_exhaustive()
    }
}
