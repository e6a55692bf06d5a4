//! One file for each queue that is compared: how to make one, and its ends.

mod async_channel;
mod async_priority;
mod crossfire;
mod flume;
mod kanal;
mod ours;
mod thingbuf;
mod tokio_mpsc;

pub(crate) use async_channel::AsyncChannel;
pub(crate) use async_priority::AsyncPriority;
pub(crate) use crossfire::{Crossfire, CrossfireMpsc, CrossfireSpsc};
pub(crate) use flume::Flume;
pub(crate) use kanal::{Kanal, KanalDrain};
pub(crate) use ours::{NAME, Ours, OursUnregistered};
pub(crate) use thingbuf::Thingbuf;
pub(crate) use tokio_mpsc::TokioMpsc;

use crate::ends::{BlockingGet, BlockingPut, Get, Put, TryGet, TryPut};

/// Sets the process up as each peer's manual advises, once and before anything is measured.
pub(crate) fn prepare() {
    crossfire::prepare();
}

/// What a contender is to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What is judged.
    Ours,
    /// What it is judged by: the best of these.
    Peer,
    /// Shown, but not what the bar is about.
    Reference,
}

/// A queue that is compared.
pub(crate) trait Peer: 'static {
    /// As it is called in tables.
    const NAME: &'static str;
    /// What it is to the verdict.
    const ROLE: Role = Role::Peer;
}

/// Bounded, with tasks at both ends.
pub(crate) trait Tasks<T>: Peer {
    /// Where items go in.
    type Tx: Put<T> + TryPut<T>;
    /// Where they come out.
    type Rx: Get<T> + TryGet<T>;

    /// Makes one that buffers `capacity` items.
    fn tasks(capacity: usize) -> (Self::Tx, Self::Rx);
}

/// Without a bound, used without waiting.
pub(crate) trait Unbounded<T>: Peer {
    /// Where items go in.
    type Tx: TryPut<T>;
    /// Where they come out.
    type Rx: TryGet<T>;

    /// Makes one.
    fn unbounded() -> (Self::Tx, Self::Rx);
}

/// Bounded, with plain threads at both ends.
pub(crate) trait Threads<T>: Peer {
    /// Where items go in.
    type Tx: BlockingPut<T>;
    /// Where they come out.
    type Rx: BlockingGet<T>;

    /// Makes one that buffers `capacity` items.
    fn threads(capacity: usize) -> (Self::Tx, Self::Rx);
}

/// Bounded, from a plain thread to a task.
pub(crate) trait ThreadToTask<T>: Peer {
    /// Where items go in.
    type Tx: BlockingPut<T>;
    /// Where they come out.
    type Rx: Get<T>;

    /// Makes one that buffers `capacity` items.
    fn thread_to_task(capacity: usize) -> (Self::Tx, Self::Rx);
}

/// Bounded, from a task to a plain thread.
pub(crate) trait TaskToThread<T>: Peer {
    /// Where items go in.
    type Tx: Put<T>;
    /// Where they come out.
    type Rx: BlockingGet<T>;

    /// Makes one that buffers `capacity` items.
    fn task_to_thread(capacity: usize) -> (Self::Tx, Self::Rx);
}

/// For a peer whose handles serve threads and tasks alike: everything follows from `Tasks`.
macro_rules! threads_use_the_same_handles {
    ($peer:ty) => {
        impl<T: $crate::item::Item> $crate::peers::Threads<T> for $peer {
            type Tx = <$peer as $crate::peers::Tasks<T>>::Tx;
            type Rx = <$peer as $crate::peers::Tasks<T>>::Rx;

            fn threads(capacity: usize) -> (Self::Tx, Self::Rx) {
                <$peer as $crate::peers::Tasks<T>>::tasks(capacity)
            }
        }

        impl<T: $crate::item::Item> $crate::peers::ThreadToTask<T> for $peer {
            type Tx = <$peer as $crate::peers::Tasks<T>>::Tx;
            type Rx = <$peer as $crate::peers::Tasks<T>>::Rx;

            fn thread_to_task(capacity: usize) -> (Self::Tx, Self::Rx) {
                <$peer as $crate::peers::Tasks<T>>::tasks(capacity)
            }
        }

        impl<T: $crate::item::Item> $crate::peers::TaskToThread<T> for $peer {
            type Tx = <$peer as $crate::peers::Tasks<T>>::Tx;
            type Rx = <$peer as $crate::peers::Tasks<T>>::Rx;

            fn task_to_thread(capacity: usize) -> (Self::Tx, Self::Rx) {
                <$peer as $crate::peers::Tasks<T>>::tasks(capacity)
            }
        }
    };
}
use threads_use_the_same_handles;
