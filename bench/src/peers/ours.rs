//! The queue of this workspace, as `Queue::bounded` makes it: registered, counted, with the settings it comes with.

use std::future::Future;
use std::ops::Range;
use std::time::Duration;

use queue_core::{PriorityQueue, Queue};

use super::{Peer, Role, Tasks, Unbounded, threads_use_the_same_handles};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// Under which all queues of the flow scenarios are registered.
pub(crate) const NAME: &str = "bench";

/// Registered in the global registry.
pub(crate) struct Ours;

impl Peer for Ours {
    const NAME: &'static str = "ours";
    const ROLE: Role = Role::Ours;
}

/// Counted, but found by nobody.
pub(crate) struct OursUnregistered;

impl Peer for OursUnregistered {
    const NAME: &'static str = "ours";
    const ROLE: Role = Role::Ours;
}

impl<T: Item> Tasks<T> for Ours {
    type Tx = Queue<T>;
    type Rx = Queue<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        let queue = Queue::bounded(NAME, capacity);
        (queue.clone(), queue)
    }
}

threads_use_the_same_handles!(Ours);

impl<T: Item> Tasks<T> for OursUnregistered {
    type Tx = Queue<T>;
    type Rx = Queue<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        let builder = Queue::builder(NAME).capacity(capacity).unregistered();
        let queue = builder.build().expect("the name and the bound are good ones");
        (queue.clone(), queue)
    }
}

impl<T: Item> Unbounded<T> for Ours {
    type Tx = Queue<T>;
    type Rx = Queue<T>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        let queue = Queue::unbounded(NAME);
        (queue.clone(), queue)
    }
}

impl<T: Item> Put<T> for Queue<T> {
    fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send {
        self.put(item)
    }
}

impl<T: Item> Get<T> for Queue<T> {
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
        self.get()
    }
}

impl<T: Item> TryPut<T> for Queue<T> {
    fn try_put_item(&mut self, item: T) -> bool {
        self.try_put(item).is_ok()
    }
}

impl<T: Item> TryGet<T> for Queue<T> {
    fn try_get_item(&mut self) -> Option<T> {
        self.try_get().ok()
    }
}

impl<T: Item> BlockingPut<T> for Queue<T> {
    fn put_parking(&mut self, item: T) -> bool {
        self.blocking_put(item).is_ok()
    }
}

impl<T: Item> BlockingGet<T> for Queue<T> {
    fn get_parking(&mut self) -> Option<T> {
        self.blocking_get().ok()
    }
}

impl<T: Item> PutMany<T> for Queue<T> {
    async fn put_many(&mut self, numbers: Range<u64>) {
        assert!(self.put_all(numbers.map(T::numbered)).await.is_ok(), "the queue ended early");
    }
}

impl<T: Item> GetMany<T> for Queue<T> {
    async fn get_many(&mut self, max: usize, batch: &mut Vec<T>) {
        *batch = self.get_batch(max, Duration::ZERO).await.expect("the queue ended early");
    }
}

impl TryPut<u64> for PriorityQueue<u64> {
    fn try_put_item(&mut self, item: u64) -> bool {
        self.try_put(item).is_ok()
    }
}

impl TryGet<u64> for PriorityQueue<u64> {
    fn try_get_item(&mut self) -> Option<u64> {
        self.try_get().ok()
    }
}
