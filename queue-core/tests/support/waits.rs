//! Every way to wait in a queue's lines, as data.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use queue_core::Queue;
use tokio::runtime::Runtime;

type Waiting = Pin<Box<dyn Future<Output = ()>>>;

/// A verb that has to wait, and what ends its wait.
pub(crate) struct Wait {
    pub(crate) name: &'static str,
    full: bool,
    begin: fn(Queue<u32>) -> Waiting,
    end: fn(&Queue<u32>),
}

impl Wait {
    /// A queue on which it has to wait: full with two items, or empty. Neither half of it ends when one of a verb does.
    pub(crate) fn queue(&self) -> (Queue<u32>, impl Sized + use<>) {
        let queue = super::queue(2);
        if self.full {
            (0..2).for_each(|item| queue.try_put(item).unwrap());
        }
        let halves = queue.clone().split();
        (queue, halves)
    }

    pub(crate) fn begin(&self, queue: &Queue<u32>) -> Waiting {
        (self.begin)(queue.clone())
    }

    /// Ends the wait of the first in line.
    pub(crate) fn end(&self, queue: &Queue<u32>) {
        (self.end)(queue);
    }
}

/// Timers need one; whoever polls by hand enters it.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn put(queue: &Queue<u32>) {
    queue.try_put(7).unwrap();
}

fn get(queue: &Queue<u32>) {
    queue.try_get().unwrap();
}

fn finish(queue: &Queue<u32>) {
    queue.task_done_many(queue.drain().len()).unwrap();
}

fn shut_down(queue: &Queue<u32>) {
    queue.shutdown(queue_core::Shutdown::Drain);
}

macro_rules! wait {
    ($full:literal, $end:ident, $name:literal, |$queue:ident| $call:expr) => {
        Wait {
            name: $name,
            full: $full,
            end: $end,
            begin: |$queue| {
                Box::pin(async move {
                    let _ = $call.await;
                })
            },
        }
    };
}

pub(crate) const WAITS: [Wait; 14] = [
    wait!(false, put, "get", |queue| queue.get()),
    wait!(false, put, "get_timeout", |queue| queue.get_timeout(Duration::MAX)),
    wait!(false, put, "get_batch", |queue| queue.get_batch(2, Duration::ZERO)),
    wait!(false, put, "get_batch that would linger", |queue| queue.get_batch(1, Duration::MAX)),
    wait!(false, put, "receive", |queue| queue.receive()),
    wait!(false, put, "receive_batch", |queue| queue.receive_batch(2, Duration::ZERO)),
    wait!(false, put, "a stream", |queue| queue.split().1.next()),
    wait!(true, get, "put", |queue| queue.put(7)),
    wait!(true, get, "put_timeout", |queue| queue.put_timeout(7, Duration::MAX)),
    wait!(true, get, "put_all", |queue| queue.put_all([7])),
    wait!(true, get, "reserve", |queue| queue.reserve()),
    wait!(true, get, "a sink", |queue| queue.split().0.send(7)),
    wait!(true, finish, "join", |queue| queue.join()),
    wait!(false, shut_down, "until_shut_down", |queue| queue.until_shut_down()),
];
