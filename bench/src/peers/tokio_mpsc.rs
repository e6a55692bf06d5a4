//! tokio's own channel: one consumer.

use std::future::Future;
use std::ops::Range;

use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};

use super::{Peer, Tasks, Unbounded, threads_use_the_same_handles};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// `tokio::sync::mpsc`.
pub(crate) struct TokioMpsc;

impl Peer for TokioMpsc {
    const NAME: &'static str = "tokio mpsc";
}

impl<T: Item> Tasks<T> for TokioMpsc {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity)
    }
}

threads_use_the_same_handles!(TokioMpsc);

impl<T: Item> Unbounded<T> for TokioMpsc {
    type Tx = UnboundedSender<T>;
    type Rx = UnboundedReceiver<T>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        mpsc::unbounded_channel()
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
        self.blocking_send(item).is_ok()
    }
}

impl<T: Item> BlockingGet<T> for Receiver<T> {
    fn get_parking(&mut self) -> Option<T> {
        self.blocking_recv()
    }
}

impl<T: Item> PutMany<T> for Sender<T> {
    async fn put_many(&mut self, numbers: Range<u64>) {
        let many = usize::try_from(numbers.end - numbers.start).expect("a batch is small");
        let permits = self.reserve_many(many).await.expect("the queue ended early");
        for (permit, number) in permits.zip(numbers) {
            permit.send(T::numbered(number));
        }
    }
}

impl<T: Item> GetMany<T> for Receiver<T> {
    async fn get_many(&mut self, max: usize, batch: &mut Vec<T>) {
        assert!(self.recv_many(batch, max).await > 0, "the queue ended early");
    }
}

impl<T: Item> TryPut<T> for UnboundedSender<T> {
    fn try_put_item(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }
}

impl<T: Item> TryGet<T> for UnboundedReceiver<T> {
    fn try_get_item(&mut self) -> Option<T> {
        self.try_recv().ok()
    }
}
