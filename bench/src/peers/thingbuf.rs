//! thingbuf: a ring of recycled slots, one consumer, bounded only. Threads have a channel of their own; none is mixed.

use std::future::Future;

use thingbuf::mpsc::{self, Receiver, Sender, blocking};

use super::{Peer, Tasks, Threads};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// `thingbuf::mpsc`.
pub(crate) struct Thingbuf;

impl Peer for Thingbuf {
    const NAME: &'static str = "thingbuf";
}

impl<T: Item> Tasks<T> for Thingbuf {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity)
    }
}

impl<T: Item> Threads<T> for Thingbuf {
    type Tx = blocking::Sender<T>;
    type Rx = blocking::Receiver<T>;

    fn threads(capacity: usize) -> (Self::Tx, Self::Rx) {
        blocking::channel(capacity)
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

impl<T: Item> BlockingPut<T> for blocking::Sender<T> {
    fn put_parking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }
}

impl<T: Item> BlockingGet<T> for blocking::Receiver<T> {
    fn get_parking(&mut self) -> Option<T> {
        self.recv()
    }
}

impl<T: Item> PutMany<T> for Sender<T> {}

impl<T: Item> GetMany<T> for Receiver<T> {}
