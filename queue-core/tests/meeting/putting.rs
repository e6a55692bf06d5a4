//! Operations that put.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_sink::Sink;
use queue_core::PutError;

use super::operations::{Need, Operation, once};
use super::{Outcome, block_on, move_to_another_task, poll_and_drop};

pub(super) const PUTTING: &[Operation] = &[
    Operation::new("put", Need::Slots(1), |kit| Outcome::put(kit.item, block_on(kit.queue.put(kit.item)))),
    Operation::new("put, dropped", Need::Nothing, |kit| match poll_and_drop(kit.queue.put(kit.item)) {
        Poll::Ready(put) => Outcome::put(kit.item, put),
        Poll::Pending => Outcome::default(),
    }),
    Operation::new("put, moved to another task", Need::Slots(1), |kit| {
        Outcome::put(kit.item, move_to_another_task(kit.queue.put(kit.item)))
    }),
    Operation::new("put, timed out", Need::Nothing, |kit| {
        Outcome::put(kit.item, block_on(kit.queue.put_timeout(kit.item, Duration::ZERO)))
    }),
    Operation::new("put_all", Need::Slots(2), |kit| {
        let items = [kit.item, kit.item + 1];
        let not_put = match block_on(kit.queue.put_all(items)) {
            Ok(()) => Vec::new(),
            Err(refused) => refused.into_inner(),
        };
        // It ends at the first that is refused, and what was not pulled yet went with the iterator.
        let put = items.into_iter().take_while(|item| !not_put.contains(item)).collect();
        Outcome { put, ..Outcome::default() }
    }),
    Operation::new("try_put", Need::Nothing, |kit| Outcome::put(kit.item, kit.queue.try_put(kit.item))),
    Operation::new("blocking_put", Need::Slots(1), |kit| Outcome::put(kit.item, kit.queue.blocking_put(kit.item))),
    Operation::new("blocking_put, timed out", Need::Nothing, |kit| {
        Outcome::put(kit.item, kit.queue.blocking_put_timeout(kit.item, Duration::ZERO))
    }),
    Operation::new("reserve", Need::Slots(1), |kit| match block_on(kit.queue.reserve()) {
        Ok(permit) => Outcome::put(kit.item, permit.put(kit.item)),
        Err(refused) => {
            assert_eq!(refused, PutError::ShutDown(()));
            Outcome::default()
        }
    }),
    Operation::new("reserve, and the permit dropped", Need::SpareSlot, |kit| {
        drop(block_on(kit.queue.reserve()));
        Outcome::default()
    }),
    Operation::new("reserve, dropped", Need::Nothing, |kit| {
        let _ = poll_and_drop(kit.queue.reserve());
        Outcome::default()
    }),
    Operation::new("sink", Need::Slots(1), |mut kit| {
        let mut sink = Pin::new(kit.producer.as_mut().expect("it is of a half"));
        if block_on(poll_fn(|cx| sink.as_mut().poll_ready(cx))).is_err() {
            return Outcome::default();
        }
        match sink.start_send(kit.item) {
            Ok(()) => Outcome { put: vec![kit.item], ..Outcome::default() },
            Err(refused) => {
                assert_eq!(refused, PutError::ShutDown(Some(kit.item)));
                Outcome::default()
            }
        }
    })
    .of_a_half(),
    Operation::new("sink, dropped", Need::Nothing, |mut kit| {
        let mut sink = kit.producer.take().expect("it is of a half");
        let _ = once(|cx| Pin::new(&mut sink).poll_ready(cx));
        drop(sink);
        Outcome::default()
    })
    .of_a_half(),
    Operation::new("sink, and then try_put", Need::Nothing, |mut kit| {
        let sink = kit.producer.as_mut().expect("it is of a half");
        let _ = once(|cx| Pin::new(&mut *sink).poll_ready(cx));
        Outcome::put(kit.item, sink.try_put(kit.item))
    })
    .of_a_half(),
];
