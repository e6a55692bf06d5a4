//! The two ends of a queue, as a shape of traffic needs them.
//!
//! Each method returns the peer's own future or result, not one wrapped around it, so that nobody pays for being
//! compared. `&mut self` is what the most demanding peer asks for.

use std::future::Future;
use std::ops::Range;

use crate::item::Item;

/// What a put returns when it is done.
pub(crate) trait Accepted {
    /// Whether the item is in.
    fn accepted(self) -> bool;
}

impl<E> Accepted for Result<(), E> {
    fn accepted(self) -> bool {
        self.is_ok()
    }
}

/// What a get returns when it is done.
pub(crate) trait Handed<T> {
    /// The item, or nothing if the queue has ended.
    fn handed(self) -> Option<T>;
}

impl<T> Handed<T> for Option<T> {
    fn handed(self) -> Self {
        self
    }
}

impl<T, E> Handed<T> for Result<T, E> {
    fn handed(self) -> Option<T> {
        self.ok()
    }
}

/// Puts from a task.
pub(crate) trait Put<T>: Send + 'static {
    /// Waits for room.
    fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send;
}

/// Gets in a task.
pub(crate) trait Get<T>: Send + 'static {
    /// Waits for an item.
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send;
}

/// Puts without waiting.
pub(crate) trait TryPut<T> {
    /// Whether the item is in.
    fn try_put_item(&mut self, item: T) -> bool;
}

/// Gets without waiting.
pub(crate) trait TryGet<T> {
    /// The item, if there is one.
    fn try_get_item(&mut self) -> Option<T>;
}

/// Puts from a plain thread.
pub(crate) trait BlockingPut<T>: Send + 'static {
    /// Parks the thread while there is no room; whether the item is in.
    fn put_parking(&mut self, item: T) -> bool;
}

/// Gets on a plain thread.
pub(crate) trait BlockingGet<T>: Send + 'static {
    /// Parks the thread while there is no item.
    fn get_parking(&mut self) -> Option<T>;
}

/// Puts many at once; one after the other where the peer has no such call.
pub(crate) trait PutMany<T: Item>: Put<T> {
    /// Puts the items of these numbers.
    fn put_many(&mut self, numbers: Range<u64>) -> impl Future<Output = ()> + Send {
        async {
            for number in numbers {
                assert!(self.put_item(T::numbered(number)).await.accepted(), "the queue ended early");
            }
        }
    }
}

/// Gets many at once; one, and then those that are there, where the peer has no such call.
pub(crate) trait GetMany<T: Item>: Get<T> + TryGet<T> {
    /// Waits for one item, then appends up to `max` of those that are there to `batch`.
    fn get_many(&mut self, max: usize, batch: &mut Vec<T>) -> impl Future<Output = ()> + Send {
        async move {
            batch.push(self.get_item().await.handed().expect("the queue ended early"));
            while batch.len() < max {
                match self.try_get_item() {
                    Some(item) => batch.push(item),
                    None => break,
                }
            }
        }
    }
}
