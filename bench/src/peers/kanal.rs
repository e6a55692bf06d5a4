//! kanal: one spin lock, items handed into the slot of who waits. Handles for tasks and for threads are types of their
//! own.

use std::future::Future;

use kanal::{AsyncReceiver, AsyncSender, Receiver, Sender};

use super::{Peer, Role, TaskToThread, Tasks, ThreadToTask, Threads, Unbounded};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// `kanal`.
pub(crate) struct Kanal;

impl Peer for Kanal {
    const NAME: &'static str = "kanal";
}

impl<T: Item> Tasks<T> for Kanal {
    type Tx = AsyncSender<T>;
    type Rx = AsyncReceiver<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        kanal::bounded_async(capacity)
    }
}

impl<T: Item> Unbounded<T> for Kanal {
    type Tx = AsyncSender<T>;
    type Rx = AsyncReceiver<T>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        kanal::unbounded_async()
    }
}

impl<T: Item> Threads<T> for Kanal {
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn threads(capacity: usize) -> (Self::Tx, Self::Rx) {
        kanal::bounded(capacity)
    }
}

impl<T: Item> ThreadToTask<T> for Kanal {
    type Tx = Sender<T>;
    type Rx = AsyncReceiver<T>;

    fn thread_to_task(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = kanal::bounded(capacity);
        (tx, rx.to_async())
    }
}

impl<T: Item> TaskToThread<T> for Kanal {
    type Tx = AsyncSender<T>;
    type Rx = Receiver<T>;

    fn task_to_thread(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = kanal::bounded(capacity);
        (tx.to_async(), rx)
    }
}

impl<T: Item> Put<T> for AsyncSender<T> {
    fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send {
        self.send(item)
    }
}

impl<T: Item> Get<T> for AsyncReceiver<T> {
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
        self.recv()
    }
}

impl<T: Item> TryPut<T> for AsyncSender<T> {
    fn try_put_item(&mut self, item: T) -> bool {
        matches!(self.try_send(item), Ok(true))
    }
}

impl<T: Item> TryGet<T> for AsyncReceiver<T> {
    fn try_get_item(&mut self) -> Option<T> {
        self.try_recv().ok().flatten()
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

impl<T: Item> PutMany<T> for AsyncSender<T> {}

/// One by one: `drain_into` takes all that is there and cannot be asked for less.
impl<T: Item> GetMany<T> for AsyncReceiver<T> {}

/// `kanal` again, whose batches have no end: they are `drain_into`.
pub(crate) struct KanalDrain;

impl Peer for KanalDrain {
    const NAME: &'static str = "kanal drain_into";
    const ROLE: Role = Role::Reference;
}

impl<T: Item> Tasks<T> for KanalDrain {
    type Tx = AsyncSender<T>;
    type Rx = Draining<T>;

    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = kanal::bounded_async(capacity);
        (tx, Draining(rx))
    }
}

/// A receiver that takes all that is there.
pub(crate) struct Draining<T>(AsyncReceiver<T>);

impl<T: Item> Get<T> for Draining<T> {
    fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
        self.0.recv()
    }
}

impl<T: Item> TryGet<T> for Draining<T> {
    fn try_get_item(&mut self) -> Option<T> {
        self.0.try_get_item()
    }
}

impl<T: Item> GetMany<T> for Draining<T> {
    async fn get_many(&mut self, _max: usize, batch: &mut Vec<T>) {
        batch.push(self.0.recv().await.expect("the queue ended early"));
        self.0.drain_into(batch).expect("the queue ended early");
    }
}
