//! A producer as a sink: room first, then the item.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::task::Poll;

use futures_util::{FutureExt, SinkExt, StreamExt};
use queue_core::testing::ByHand;
use queue_core::{Overflow, Producer, PutError, Shutdown};
use support::{answer, assert_conserved, at_once, halves, overflowing, parked};

/// Whether the sink is ready now.
fn ready(producer: &mut Producer<u32>) -> Option<Result<(), PutError<Option<u32>>>> {
    match ByHand::new(std::future::poll_fn(|cx| producer.poll_ready_unpin(cx))).poll() {
        Poll::Ready(ready) => Some(ready),
        Poll::Pending => None,
    }
}

#[test]
fn a_sink_that_is_ready_has_its_room() {
    let (mut producer, consumer) = halves(1);
    assert_eq!(ready(&mut producer), Some(Ok(())));
    assert!(consumer.is_full() && consumer.is_empty());
    assert_eq!(producer.try_put(9), Err(PutError::Full(9)));
    assert_eq!(ready(&mut producer), Some(Ok(())), "asking again takes no more room");
    producer.start_send_unpin(1).unwrap();
    assert_eq!(consumer.try_get(), Ok(1));
    assert!(!consumer.is_full());
}

#[test]
fn a_sink_that_is_dropped_or_closed_gives_its_room_to_the_next() {
    for close in [true, false] {
        let (mut producer, consumer) = halves(1);
        let other = producer.clone();
        assert_eq!(ready(&mut producer), Some(Ok(())));
        let mut put = parked(other.put(1));
        if close {
            at_once(producer.close()).unwrap();
        } else {
            drop(producer);
        }
        answer(&mut put).unwrap();
        assert_eq!(consumer.try_get(), Ok(1));
    }
}

#[test]
fn a_sink_waits_in_line_for_room_and_items_go_one_by_one() {
    let (mut producer, consumer) = halves(1);
    let other = producer.clone();
    at_once(producer.send(1)).unwrap();
    let mut sending = parked(producer.send(2));
    let mut put = parked(other.put(3));
    assert_eq!(consumer.try_get(), Ok(1));
    assert!(sending.is_woken() && !put.is_woken());
    answer(&mut sending).unwrap();
    assert_eq!(consumer.try_get(), Ok(2));
    answer(&mut put).unwrap();
    drop(sending);
    drop(producer);
    assert_conserved(&consumer.stats());
}

#[test]
fn a_sink_that_was_granted_room_and_is_dropped_passes_it_on() {
    let (mut producer, consumer) = halves(1);
    let other = producer.clone();
    producer.try_put(1).unwrap();
    assert!(producer.send(2).now_or_never().is_none());
    let mut put = parked(other.put(3));
    assert_eq!(consumer.try_get(), Ok(1));
    drop(producer);
    answer(&mut put).unwrap();
    assert_eq!(consumer.drain(), [3]);
}

#[test]
fn a_verb_of_a_producer_is_not_in_the_way_of_its_own_sink() {
    let (mut producer, consumer) = halves(1);
    producer.try_put(1).unwrap();
    for item in 2..5 {
        assert!(producer.send(0).now_or_never().is_none());
        let mut put = parked(producer.put(item));
        assert_eq!(consumer.try_get(), Ok(item - 1));
        answer(&mut put).expect("there is room");
    }
    // With the room granted already.
    assert!(producer.send(0).now_or_never().is_none());
    assert_eq!(consumer.try_get(), Ok(4));
    producer.try_put(5).expect("there is room");
    assert_eq!(consumer.try_get(), Ok(5));
    assert!(!consumer.is_full());
}

#[test]
fn a_forwarding_loop_by_hand_loses_nothing() {
    let (mut producer, consumer) = halves(2);
    let (mut sent, mut got) = (0, vec![]);
    while sent < 20 {
        match ready(&mut producer) {
            Some(ready) => {
                ready.unwrap();
                producer.start_send_unpin(sent).unwrap();
                sent += 1;
            }
            None => got.push(consumer.try_get().expect("it is full")),
        }
        at_once(producer.flush()).unwrap();
    }
    at_once(producer.close()).unwrap();
    got.extend(at_once(consumer.collect::<Vec<_>>()));
    assert!(got.into_iter().eq(0..20));
}

#[test]
fn a_refused_item_comes_back_in_the_error() {
    // Shut down between ready and the item.
    let (mut producer, _consumer) = halves(1);
    assert_eq!(ready(&mut producer), Some(Ok(())));
    producer.shutdown(Shutdown::Drain);
    assert_eq!(producer.start_send_unpin(1), Err(PutError::ShutDown(Some(1))));
    assert_eq!(ready(&mut producer), Some(Err(PutError::ShutDown(None))));
    // Not asked whether it is ready.
    let (mut producer, _consumer) = halves(1);
    assert_eq!(producer.start_send_unpin(1), Ok(()));
    assert_eq!(producer.start_send_unpin(2), Err(PutError::Full(Some(2))));
}

#[test]
fn a_sink_follows_the_overflow_of_its_queue() {
    let after_two = |overflow| {
        let (mut producer, consumer) = overflowing(1, overflow).split();
        at_once(producer.send(1)).unwrap();
        assert_eq!(ready(&mut producer), Some(Ok(())), "{overflow:?} waits for nothing");
        (producer.start_send_unpin(2), consumer.drain(), consumer.stats().totals.dropped())
    };
    assert_eq!(after_two(Overflow::Reject), (Err(PutError::Full(Some(2))), vec![1], 0));
    assert_eq!(after_two(Overflow::DropOldest), (Ok(()), vec![2], 1));
    assert_eq!(after_two(Overflow::DropNewest), (Ok(()), vec![1], 1));
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let (mut producer, consumer) = overflowing(1, overflow).split();
        drop(consumer);
        assert_eq!(ready(&mut producer), Some(Err(PutError::ShutDown(None))));
    }
}

#[test]
fn closing_the_last_sink_drains_the_queue_and_only_once() {
    let (mut producer, consumer) = halves(2);
    let mut other = producer.clone();
    producer.try_put(1).unwrap();
    at_once(producer.close()).unwrap();
    at_once(producer.close()).unwrap();
    drop(producer.clone());
    assert!(!consumer.is_shut_down(), "another producer is left");
    assert_eq!(ready(&mut producer), Some(Err(PutError::ShutDown(None))));
    assert_eq!(producer.start_send_unpin(2), Err(PutError::ShutDown(Some(2))));
    drop(producer);
    assert!(!consumer.is_shut_down(), "another producer is left");
    at_once(other.close()).unwrap();
    assert!(consumer.is_shut_down());
    assert_eq!(consumer.drain(), [1]);
}
