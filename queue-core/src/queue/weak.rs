//! A reference that does not keep its queue open.

use std::fmt;

use super::QueueOf;
use super::discipline::{Fifo, Kind};
use super::own::Memory;
use super::shared::Shared;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// A reference that does not keep the queue open.
    pub fn downgrade(&self) -> WeakQueue<T, K> {
        WeakQueue { shared: self.handle().memory() }
    }
}

/// A reference to a queue that does not keep it open; see [`QueueOf::downgrade`].
#[must_use = "a weak reference does nothing until it is upgraded"]
pub struct WeakQueue<T, K: Kind<T> = Fifo> {
    shared: Memory<Shared<T, K>>,
}

impl<T, K: Kind<T>> WeakQueue<T, K> {
    /// A handle, if one still lives.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::<u8>::bounded("doc.weak", 1);
    /// let weak = queue.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(queue);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<QueueOf<T, K>> {
        self.shared.handle().map(QueueOf::from_shared)
    }
}

impl<T, K: Kind<T>> Clone for WeakQueue<T, K> {
    fn clone(&self) -> Self {
        Self { shared: Memory::clone(&self.shared) }
    }
}

impl<T, K: Kind<T>> fmt::Debug for WeakQueue<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakQueue(..)")
    }
}
