//! crossfire 3: lock-free rings, one algorithm for each number of ends.
//!
//! `mpmc` and `mpsc` are peers; `spsc`, whose ends cannot be cloned at all, is shown for reference.

use std::future::Future;

use crossfire::{AsyncRx, AsyncTx, MAsyncRx, MAsyncTx, MRx, MTx, Rx, Tx, mpmc, mpsc, spsc};

use super::{Peer, Role, TaskToThread, Tasks, ThreadToTask, Threads, Unbounded};
use crate::ends::{Accepted, BlockingGet, BlockingPut, Get, GetMany, Handed, Put, PutMany, TryGet, TryPut};
use crate::item::Item;

/// Tells crossfire on how many cores it runs, as its manual advises.
pub(super) fn prepare() {
    crossfire::detect_backoff_cfg();
}

/// `crossfire::mpmc`.
pub(crate) struct Crossfire;

impl Peer for Crossfire {
    const NAME: &'static str = "crossfire";
}

/// `crossfire::mpsc`.
pub(crate) struct CrossfireMpsc;

impl Peer for CrossfireMpsc {
    const NAME: &'static str = "crossfire mpsc";
}

/// `crossfire::spsc`.
pub(crate) struct CrossfireSpsc;

impl Peer for CrossfireSpsc {
    const NAME: &'static str = "crossfire spsc";
    const ROLE: Role = Role::Reference;
}

/// What one module of crossfire offers, and the ends of it.
macro_rules! module {
    ($peer:ty, $module:ident: $async_tx:ident, $async_rx:ident, $tx:ident, $rx:ident) => {
        impl<T: Item> Tasks<T> for $peer {
            type Tx = $async_tx<$module::Array<T>>;
            type Rx = $async_rx<$module::Array<T>>;

            fn tasks(capacity: usize) -> (Self::Tx, Self::Rx) {
                $module::bounded_async(capacity)
            }
        }

        impl<T: Item> Threads<T> for $peer {
            type Tx = $tx<$module::Array<T>>;
            type Rx = $rx<$module::Array<T>>;

            fn threads(capacity: usize) -> (Self::Tx, Self::Rx) {
                $module::bounded_blocking(capacity)
            }
        }

        impl<T: Item> ThreadToTask<T> for $peer {
            type Tx = $tx<$module::Array<T>>;
            type Rx = $async_rx<$module::Array<T>>;

            fn thread_to_task(capacity: usize) -> (Self::Tx, Self::Rx) {
                $module::bounded_blocking_async(capacity)
            }
        }

        impl<T: Item> TaskToThread<T> for $peer {
            type Tx = $async_tx<$module::Array<T>>;
            type Rx = $rx<$module::Array<T>>;

            fn task_to_thread(capacity: usize) -> (Self::Tx, Self::Rx) {
                $module::bounded_async_blocking(capacity)
            }
        }
    };
}

module!(Crossfire, mpmc: MAsyncTx, MAsyncRx, MTx, MRx);
module!(CrossfireMpsc, mpsc: MAsyncTx, AsyncRx, MTx, Rx);
module!(CrossfireSpsc, spsc: AsyncTx, AsyncRx, Tx, Rx);

/// The ends that several modules share are one type with the module's ring in it.
macro_rules! puts {
    ($($ring:path: $async_tx:ident, $tx:ident;)*) => {$(
        impl<T: Item> Put<T> for $async_tx<$ring> {
            fn put_item(&mut self, item: T) -> impl Future<Output: Accepted> + Send {
                self.send(item)
            }
        }

        impl<T: Item> TryPut<T> for $async_tx<$ring> {
            fn try_put_item(&mut self, item: T) -> bool {
                self.try_send(item).is_ok()
            }
        }

        impl<T: Item> PutMany<T> for $async_tx<$ring> {}

        impl<T: Item> BlockingPut<T> for $tx<$ring> {
            fn put_parking(&mut self, item: T) -> bool {
                self.send(item).is_ok()
            }
        }
    )*};
}

macro_rules! gets {
    ($($ring:path: $async_rx:ident, $rx:ident;)*) => {$(
        impl<T: Item> Get<T> for $async_rx<$ring> {
            fn get_item(&mut self) -> impl Future<Output: Handed<T>> + Send {
                self.recv()
            }
        }

        impl<T: Item> TryGet<T> for $async_rx<$ring> {
            fn try_get_item(&mut self) -> Option<T> {
                self.try_recv().ok()
            }
        }

        impl<T: Item> GetMany<T> for $async_rx<$ring> {}

        impl<T: Item> BlockingGet<T> for $rx<$ring> {
            fn get_parking(&mut self) -> Option<T> {
                self.recv().ok()
            }
        }
    )*};
}

puts! { mpmc::Array<T>: MAsyncTx, MTx; mpsc::Array<T>: MAsyncTx, MTx; spsc::Array<T>: AsyncTx, Tx; }
gets! { mpmc::Array<T>: MAsyncRx, MRx; mpsc::Array<T>: AsyncRx, Rx; spsc::Array<T>: AsyncRx, Rx; }

/// The lists, which are used without waiting.
macro_rules! lists {
    ($($peer:ty, $module:ident: $tx:ident, $async_rx:ident;)*) => {$(
        impl<T: Item> Unbounded<T> for $peer {
            type Tx = $tx<$module::List<T>>;
            type Rx = $async_rx<$module::List<T>>;

            fn unbounded() -> (Self::Tx, Self::Rx) {
                $module::unbounded_async()
            }
        }

        impl<T: Item> TryPut<T> for $tx<$module::List<T>> {
            fn try_put_item(&mut self, item: T) -> bool {
                self.send(item).is_ok()
            }
        }

        impl<T: Item> TryGet<T> for $async_rx<$module::List<T>> {
            fn try_get_item(&mut self) -> Option<T> {
                self.try_recv().ok()
            }
        }
    )*};
}

lists! { Crossfire, mpmc: MTx, MAsyncRx; CrossfireMpsc, mpsc: MTx, AsyncRx; }
