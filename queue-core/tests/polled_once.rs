//! A waiter that is polled once and never again, and not dropped either: what it holds up is known, and dropping it
//! lets the others on. (docs/semantics.md says why it is so.)
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use queue_core::GetError;
use support::{answer, at_once, halves, parked, queue};

#[test]
fn a_get_that_is_not_polled_again_keeps_one_item_and_nobody_else_waits_for_it() {
    let queue = queue(2);
    let idle = parked(queue.get());
    for item in 0..10 {
        queue.try_put(item).unwrap();
        let expected = if item == 0 { Err(GetError::Empty) } else { Ok(item) };
        assert_eq!(queue.try_get(), expected);
    }
    assert_eq!(queue.stats().in_transit, 1);
    drop(idle);
    assert_eq!(queue.try_get(), Ok(0), "it comes back");
}

#[test]
fn a_put_or_a_reserve_that_is_not_polled_again_keeps_one_slot_and_the_others_go_on() {
    let queue = queue(2);
    at_once(queue.put_all([0, 1])).unwrap();
    let (idle_put, idle_reserve) = (parked(queue.put(100)), parked(queue.reserve()));
    let mut next = parked(queue.put(2));
    assert_eq!((queue.try_get(), queue.try_get()), (Ok(0), Ok(1)));
    assert!(next.poll().is_pending() && queue.is_full(), "two idle waiters keep both slots");
    drop(idle_put);
    assert_eq!(answer(&mut next), Ok(()));
    for item in 3..10 {
        assert_eq!(queue.try_get(), Ok(item - 1));
        queue.try_put(item).unwrap();
    }
    drop(idle_reserve);
    queue.try_put(10).unwrap();
}

#[test]
fn a_batch_or_a_stream_that_is_not_polled_again_holds_the_head_once_overtaken_until_it_is_dropped() {
    let (producer, mut consumer) = halves(4);
    let (mut later, getting) = (consumer.clone(), consumer.clone());
    let batching = consumer.clone();
    for idle in ["batch", "stream"] {
        let batch = (idle == "batch").then(|| parked(batching.get_batch(2, Duration::ZERO)));
        if idle == "stream" {
            assert!(consumer.next().now_or_never().is_none());
        }
        let mut next = parked(later.next());
        producer.try_put(1).unwrap();
        assert!(!next.is_woken(), "{idle}: the item was shown to the first");
        assert_eq!(getting.try_get(), Ok(1), "{idle}: which claims nothing until it was overtaken");
        at_once(producer.put_all(2..=4)).unwrap();
        assert_eq!(getting.try_get(), Err(GetError::Empty), "{idle}: the head is held");
        assert!(next.poll().is_pending() && producer.len() == 3);
        drop(batch);
        if idle == "stream" {
            // Any verb of the same half takes its stream out of the line, as dropping it does.
            assert_eq!(consumer.try_get(), Ok(2));
        } else {
            assert_eq!(getting.try_get(), Ok(2), "{idle}: whoever comes is served again");
        }
        assert!(next.is_woken(), "{idle}");
        assert_eq!(answer(&mut next), Some(3));
        drop(next);
        assert_eq!(getting.drain(), [4]);
    }
}

#[test]
fn a_shutdown_reaches_those_behind_one_that_is_not_polled_again() {
    let queue = queue(2);
    let (_idle_batch, _idle_get) = (parked(queue.get_batch(2, Duration::ZERO)), parked(queue.get()));
    let (mut batch, mut get) = (parked(queue.get_batch(2, Duration::ZERO)), parked(queue.get()));
    queue.shutdown(queue_core::Shutdown::Drain);
    assert!(batch.is_woken() && get.is_woken());
    assert_eq!((answer(&mut batch), answer(&mut get)), (Err(GetError::ShutDown), Err(GetError::ShutDown)));
}
