//! async-channel: a concurrent ring, and event-listener for those who wait.

use std::future::Future;

use async_channel::{Receiver, Sender};

use super::{Peer, Tasks, Unbounded, threads_use_the_same_handles};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// `async_channel`.
pub(crate) struct AsyncChannel;

impl Peer for AsyncChannel {
    const NAME: &'static str = "async-channel";
}

impl<T: Item> Tasks<T> for AsyncChannel {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        async_channel::bounded(capacity)
    }
}

threads_use_the_same_handles!(AsyncChannel);

impl<T: Item> Unbounded<T> for AsyncChannel {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        async_channel::unbounded()
    }
}

impl<T: Item> Put<T> for Sender<T> {
    fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send {
        self.send(item)
    }
}

impl<T: Item> Get<T> for Receiver<T> {
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
        self.recv()
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
        self.send_blocking(item).is_ok()
    }
}

impl<T: Item> BlockingGet<T> for Receiver<T> {
    fn get_parking(&mut self) -> Option<T> {
        self.recv_blocking().ok()
    }
}

impl<T: Item> PutMany<T> for Sender<T> {}

impl<T: Item> GetMany<T> for Receiver<T> {}
