//! flume: one lock, a queue of its own for those who wait.

use std::future::Future;

use flume::{Receiver, Sender};

use super::{Peer, Tasks, Unbounded, threads_use_the_same_handles};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// `flume`.
pub(crate) struct Flume;

impl Peer for Flume {
    const NAME: &'static str = "flume";
}

impl<T: Item> Tasks<T> for Flume {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        flume::bounded(capacity)
    }
}

threads_use_the_same_handles!(Flume);

impl<T: Item> Unbounded<T> for Flume {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        flume::unbounded()
    }
}

impl<T: Item> Put<T> for Sender<T> {
    fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send {
        self.send_async(item)
    }
}

impl<T: Item> Get<T> for Receiver<T> {
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
        self.recv_async()
    }
}

impl<T: Item> TryPut<T> for Sender<T> {
    fn try_put_item(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Item> TryGet<T> for Receiver<T> {
    fn try_get_item(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}

impl<T: Item> BlockingPut<T> for Sender<T> {
    fn put_parking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }
}

impl<T: Item> BlockingGet<T> for Receiver<T> {
    fn get_parking(&mut self) -> Option<T> {
        self.recv().ok()
    }
}

impl<T: Item> PutMany<T> for Sender<T> {}

/// One by one: `drain` takes everything that is there under the lock, and what the caller does not use of it is lost.
impl<T: Item> GetMany<T> for Receiver<T> {}
