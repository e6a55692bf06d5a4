//! Operations that get.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use queue_core::{Delivery, GetError};

use super::operations::{Need, Operation, once};
use super::{Outcome, block_on, move_to_another_task, poll_and_drop};

/// Finishes what was received, and says what it was.
fn done(received: Result<impl IntoIterator<Item = Delivery<u32>>, GetError>) -> Outcome {
    let finish = |delivery: Delivery<u32>| {
        let item = *delivery;
        delivery.done();
        item
    };
    Outcome::got(received.map(|received| received.into_iter().map(finish)))
}

/// What a future that was polled once got, if it did.
fn if_ready<R>(polled: Poll<R>, outcome: impl FnOnce(R) -> Outcome) -> Outcome {
    match polled {
        Poll::Ready(output) => outcome(output),
        Poll::Pending => Outcome::default(),
    }
}

pub(super) const GETTING: &[Operation] = &[
    Operation::new("get", Need::Item, |kit| Outcome::got(block_on(kit.queue.get()).map(Some))),
    Operation::new("get, dropped", Need::Nothing, |kit| {
        if_ready(poll_and_drop(kit.queue.get()), |got| Outcome::got(got.map(Some)))
    }),
    Operation::new("get, moved to another task", Need::Item, |kit| {
        Outcome::got(move_to_another_task(kit.queue.get()).map(Some))
    }),
    Operation::new("get, timed out", Need::Nothing, |kit| {
        Outcome::got(block_on(kit.queue.get_timeout(Duration::ZERO)).map(Some))
    }),
    Operation::new("try_get", Need::Nothing, |kit| Outcome::got(kit.queue.try_get().map(Some))),
    Operation::new("drain", Need::Nothing, |kit| Outcome::got(Ok(kit.queue.drain()))),
    Operation::new("blocking_get", Need::Item, |kit| Outcome::got(kit.queue.blocking_get().map(Some))),
    Operation::new("blocking_get, timed out", Need::Nothing, |kit| {
        Outcome::got(kit.queue.blocking_get_timeout(Duration::ZERO).map(Some))
    }),
    Operation::new("receive", Need::Item, |kit| done(block_on(kit.queue.receive()).map(Some))),
    Operation::new("receive, dropped", Need::Nothing, |kit| {
        if_ready(poll_and_drop(kit.queue.receive()), |received| done(received.map(Some)))
    }),
    Operation::new("get_batch", Need::Batch(2), |kit| Outcome::got(block_on(kit.queue.get_batch(2, Duration::ZERO)))),
    Operation::new("get_batch, dropped", Need::Nothing, |kit| {
        if_ready(poll_and_drop(kit.queue.get_batch(2, Duration::ZERO)), Outcome::got)
    }),
    Operation::new("receive_batch", Need::Batch(2), |kit| done(block_on(kit.queue.receive_batch(2, Duration::ZERO)))),
    Operation::new("stream", Need::Item, |mut kit| {
        let mut stream = Pin::new(kit.consumer.as_mut().expect("it is of a half"));
        Outcome::got(Ok(block_on(poll_fn(|cx| stream.as_mut().poll_next(cx)))))
    })
    .of_a_half(),
    Operation::new("stream, dropped", Need::Nothing, |mut kit| {
        let mut stream = kit.consumer.take().expect("it is of a half");
        let got = once(|cx| Pin::new(&mut stream).poll_next(cx));
        drop(stream);
        Outcome::got(Ok(got.flatten()))
    })
    .of_a_half(),
    Operation::new("stream, and then try_get", Need::Nothing, |mut kit| {
        let stream = kit.consumer.as_mut().expect("it is of a half");
        let first = once(|cx| Pin::new(&mut *stream).poll_next(cx)).flatten();
        Outcome::got(Ok(first.into_iter().chain(stream.try_get().ok()).collect::<Vec<_>>()))
    })
    .of_a_half(),
];
