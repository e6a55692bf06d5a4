//! The halves of a queue: verbs of one side, a stream, a sink, and what ends with the last of each.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt, stream};
use queue_core::testing::ByHand;
use queue_core::{
    Consumer, DropReason, GetError, LifoQueue, Overflow, PriorityQueue, Producer, PutError, Queue, Registry, Shutdown,
};
use support::{answer, assert_conserved, at_once, overflowing, parked, queue};

const HOUR: Duration = Duration::from_secs(3600);

fn halves(capacity: usize) -> (Producer<u32>, Consumer<u32>) {
    queue(capacity).split()
}

/// Whether the sink is ready now.
fn ready(producer: &mut Producer<u32>) -> Option<Result<(), PutError<Option<u32>>>> {
    match ByHand::new(std::future::poll_fn(|cx| producer.poll_ready_unpin(cx))).poll() {
        Poll::Ready(ready) => Some(ready),
        Poll::Pending => None,
    }
}

#[test]
fn halves_are_values_that_go_anywhere() {
    fn assert_anywhere<T: Send + Sync + Unpin + Clone + std::fmt::Debug + 'static>() {}
    assert_anywhere::<Producer<u32>>();
    assert_anywhere::<Consumer<u32>>();
    // An item that may move but not be shared, and that cannot be shown.
    type Cell = std::cell::Cell<(u8, std::marker::PhantomPinned)>;
    fn assert_half<T: Send + Sync + Unpin + Clone + std::fmt::Debug>() {}
    assert_half::<Producer<Cell>>();
    assert_half::<Consumer<Cell>>();
    assert_half::<Producer<u32, queue_core::Lifo>>();
    assert_half::<Consumer<u32, queue_core::Priority>>();
    let (producer, consumer) = halves(3);
    assert!(format!("{producer:?} {consumer:?}").contains("Consumer(Queue { name: \"test\", depth: 0"));
}

#[tokio::test(start_paused = true)]
async fn a_producer_has_the_putting_verbs() {
    let (producer, consumer) = halves(2);
    producer.put(1).await.unwrap();
    producer.try_put(2).unwrap();
    assert_eq!(producer.try_put(3), Err(PutError::Full(3)));
    assert_eq!(producer.put_timeout(3, HOUR).await, Err(PutError::TimedOut(3)));
    assert_eq!(producer.blocking_put_timeout(3, Duration::ZERO), Err(PutError::TimedOut(3)));
    assert_eq!(consumer.drain(), [1, 2]);
    producer.put_all([4, 5]).await.unwrap();
    assert_eq!(consumer.drain(), [4, 5]);
    producer.reserve().await.unwrap().put(6).unwrap();
    producer.blocking_put(7).unwrap();
    assert_eq!(consumer.drain(), [6, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_has_the_getting_verbs_and_finishes() {
    let (producer, consumer) = Queue::builder("test").unbounded().unregistered().build().unwrap().split();
    producer.put_all(0..10).await.unwrap();
    assert_eq!(consumer.get().await, Ok(0));
    assert_eq!(consumer.try_get(), Ok(1));
    assert_eq!(consumer.get_timeout(HOUR).await, Ok(2));
    assert_eq!(consumer.blocking_get(), Ok(3));
    assert_eq!(consumer.blocking_get_timeout(HOUR), Ok(4));
    assert_eq!(consumer.get_batch(2, Duration::ZERO).await, Ok(vec![5, 6]));
    consumer.receive().await.unwrap().done();
    consumer.receive_batch(1, Duration::ZERO).await.unwrap().into_iter().for_each(queue_core::Delivery::done);
    assert_eq!(consumer.drain(), [9]);
    consumer.task_done().unwrap();
    assert!(parked(producer.join()).poll().is_pending());
    consumer.task_done_many(7).unwrap();
    assert!(consumer.task_done().is_err());
    at_once(producer.join());
    consumer.blocking_join();
}

#[test]
fn both_halves_have_the_looking_verbs_and_shut_down() {
    let (producer, consumer) = halves(2);
    producer.try_put(1).unwrap();
    assert_eq!((producer.name(), producer.len(), producer.capacity()), ("test", 1, Some(2)));
    assert_eq!((consumer.name(), consumer.len(), consumer.capacity()), ("test", 1, Some(2)));
    consumer.set_capacity(1).unwrap();
    assert!(producer.is_full() && consumer.is_full() && !producer.is_empty() && !consumer.is_empty());
    assert_eq!(producer.stats().depth + consumer.stats().depth, 2);
    assert!(producer.downgrade().upgrade().is_some() && consumer.downgrade().upgrade().is_some());
    let mut heard = parked(producer.until_shut_down());
    consumer.shutdown(Shutdown::Drain);
    answer(&mut heard);
    assert!(producer.is_shut_down() && consumer.is_shut_down());
    producer.shutdown(Shutdown::Immediate);
    assert_eq!(consumer.try_get(), Err(GetError::ShutDown));
}

#[test]
fn every_kind_of_queue_has_halves() {
    let (producer, consumer) = LifoQueue::builder("test").capacity(3).unregistered().build().unwrap().split();
    (1..=3).for_each(|item| producer.try_put(item).unwrap());
    drop(producer);
    assert_eq!(at_once(consumer.collect::<Vec<_>>()), [3, 2, 1]);
    let (producer, consumer) = PriorityQueue::builder("test").capacity(3).unregistered().build().unwrap().split();
    at_once(stream::iter([2, 3, 1]).map(Ok).forward(producer)).unwrap();
    assert_eq!(at_once(consumer.collect::<Vec<_>>()), [1, 2, 3]);
}

// The last of each.

#[test]
fn with_the_last_producer_the_queue_is_drained() {
    let (producer, consumer) = halves(2);
    let other = producer.clone();
    producer.try_put(1).unwrap();
    drop(producer);
    assert!(!consumer.is_shut_down());
    other.try_put(2).unwrap();
    drop(other);
    assert!(consumer.is_shut_down());
    assert_eq!(consumer.drain(), [1, 2]);
    assert_eq!(consumer.try_get(), Err(GetError::ShutDown));
}

#[test]
fn with_the_last_producer_those_who_wait_for_items_are_told() {
    let (producer, mut consumer) = halves(2);
    let (getting, batching) = (consumer.clone(), consumer.clone());
    let mut get = parked(getting.get());
    let mut batch = parked(batching.get_batch(2, HOUR));
    let mut next = parked(consumer.next());
    drop(producer);
    assert!(get.is_woken() && batch.is_woken() && next.is_woken());
    assert_eq!(answer(&mut get), Err(GetError::ShutDown));
    assert_eq!(answer(&mut batch), Err(GetError::ShutDown));
    assert_eq!(answer(&mut next), None);
}

#[test]
fn with_the_last_consumer_puts_give_their_item_back() {
    let (producer, consumer) = halves(1);
    producer.try_put(1).unwrap();
    let mut waiting = parked(producer.put(2));
    let mut sink = producer.clone();
    let mut sending = parked(sink.send(3));
    let other = consumer.clone();
    drop(consumer);
    assert!(waiting.poll().is_pending());
    drop(other);
    assert_eq!(answer(&mut waiting), Err(PutError::ShutDown(2)));
    assert_eq!(answer(&mut sending), Err(PutError::ShutDown(None)));
    assert_eq!(producer.try_put(4), Err(PutError::ShutDown(4)));
    assert_eq!(producer.stats().totals.dropped_shutdown, 1);
}

#[test]
fn the_last_consumer_lets_go_of_what_is_buffered() {
    let (told, gone) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let hook = move |item, reason| told.lock().unwrap().send((item, reason)).unwrap();
    let (producer, consumer) =
        Queue::<u32>::builder("test").capacity(2).on_drop(hook).unregistered().build().unwrap().split();
    producer.try_put(1).unwrap();
    drop(producer);
    assert!(gone.try_recv().is_err());
    drop(consumer);
    assert_eq!(gone.try_iter().collect::<Vec<_>>(), [(1, DropReason::ShutDown)]);
}

#[test]
fn other_handles_do_not_keep_it_open_and_live_on() {
    let queue = queue(2);
    let (producer, consumer) = queue.clone().split();
    queue.try_put(1).unwrap();
    drop(producer);
    assert!(queue.is_shut_down());
    assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    assert_eq!(consumer.try_get(), Ok(1));
    drop(consumer);
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    let (late, _consumer) = queue.split();
    assert_eq!(late.try_put(3), Err(PutError::ShutDown(3)));
}

#[test]
fn halves_of_further_splits_count_together() {
    let queue = queue(2);
    let (first, first_consumer) = queue.clone().split();
    let (second, second_consumer) = queue.split();
    drop(first_consumer);
    second.try_put(1).unwrap();
    assert_eq!(second_consumer.try_get(), Ok(1));
    drop(second);
    first.try_put(2).unwrap();
    drop(first);
    assert_eq!(second_consumer.drain(), [2]);
    assert!(second_consumer.is_shut_down());
}

#[test]
fn a_permit_keeps_it_open_as_a_producer_does() {
    for put in [true, false] {
        let (producer, consumer) = halves(1);
        let permit = at_once(producer.reserve()).unwrap();
        let mut get = parked(consumer.get());
        drop(producer);
        assert!(!consumer.is_shut_down() && get.poll().is_pending());
        if put {
            permit.put(7).unwrap();
            assert_eq!(answer(&mut get), Ok(7));
        } else {
            drop(permit);
            assert_eq!(answer(&mut get), Err(GetError::ShutDown));
        }
        assert!(consumer.is_shut_down());
    }
}

#[test]
fn a_permit_of_a_queue_that_was_never_split_ends_nothing() {
    let queue = queue(1);
    drop(at_once(queue.reserve()).unwrap());
    let permit = at_once(queue.reserve()).unwrap();
    assert!(!queue.is_shut_down());
    let (producer, consumer) = queue.split();
    drop(producer);
    permit.put(1).expect("a permit that is older than the split counts as well");
    assert_eq!((consumer.try_get(), consumer.is_shut_down()), (Ok(1), true));
}

#[test]
fn a_queue_lives_as_long_as_its_halves() {
    let registry = Registry::new();
    let queue = Queue::<u32>::builder("orders").capacity(1).registry(&registry).build().unwrap();
    let weak = queue.downgrade();
    let (producer, consumer) = queue.split();
    drop(producer);
    assert_eq!(registry.get("orders").unwrap().instances, 1);
    drop(consumer);
    assert!(weak.upgrade().is_none());
    assert_eq!(registry.get("orders").unwrap().instances, 0);
}

// Streams.

#[test]
fn a_stream_yields_items_that_owe_task_done_until_the_end() {
    let (producer, mut consumer) = halves(4);
    at_once(producer.put_all([1, 2])).unwrap();
    assert_eq!(at_once(consumer.next()), Some(1));
    let mut join = parked(producer.join());
    assert_eq!(at_once(consumer.next()), Some(2));
    consumer.task_done_many(2).unwrap();
    answer(&mut join);
    drop(join);
    producer.try_put(3).unwrap();
    drop(producer);
    assert_eq!(at_once(consumer.next()), Some(3));
    assert_eq!((at_once(consumer.next()), at_once(consumer.next())), (None, None));
}

#[test]
fn an_immediate_shutdown_ends_a_stream() {
    let (producer, mut consumer) = halves(4);
    producer.try_put(1).unwrap();
    producer.shutdown(Shutdown::Immediate);
    assert_eq!(at_once(consumer.next()), None);
}

#[test]
fn a_stream_is_told_of_an_item_and_takes_it_when_it_is_polled() {
    let (producer, mut consumer) = halves(4);
    let mut next = parked(consumer.next());
    assert_eq!(producer.stats().waiting_getters, 1);
    producer.try_put(1).unwrap();
    assert!(next.is_woken());
    let stats = producer.stats();
    assert_eq!((stats.depth, stats.in_transit), (1, 0), "the item was bound to a stream that has not polled");
    assert_eq!(answer(&mut next), Some(1));
    let stats = producer.stats();
    assert_eq!((stats.waiting_getters, stats.totals.got, stats.totals.handed_off), (0, 1, 0));
}

#[test]
fn a_stream_that_is_dropped_after_it_was_told_passes_the_item_on() {
    let (producer, mut first) = halves(4);
    let (mut second, getting) = (first.clone(), first.clone());
    assert!(first.next().now_or_never().is_none());
    let mut next = parked(second.next());
    producer.try_put(1).unwrap();
    assert!(!next.is_woken());
    drop(first);
    assert!(next.is_woken());
    assert_eq!(answer(&mut next), Some(1));
    drop(next);

    // To a getter that stands behind it, too.
    assert!(second.next().now_or_never().is_none());
    producer.try_put(2).unwrap();
    assert_eq!(getting.try_get(), Ok(2));
    let mut get = parked(getting.get());
    producer.try_put(3).unwrap();
    assert!(get.poll().is_pending(), "the head is held for the stream that was overtaken");
    drop(second);
    assert_eq!(answer(&mut get), Ok(3));
}

#[test]
fn a_stream_that_was_overtaken_once_keeps_the_head_of_the_line() {
    let (producer, mut consumer) = halves(4);
    let getting = consumer.clone();
    let mut next = parked(consumer.next());
    producer.try_put(1).unwrap();
    assert_eq!(getting.try_get(), Ok(1));
    producer.try_put(2).unwrap();
    assert_eq!(getting.try_get(), Err(GetError::Empty));
    assert_eq!(answer(&mut next), Some(2));
    producer.try_put(3).unwrap();
    assert_eq!(getting.try_get(), Ok(3));
}

#[test]
fn streams_that_wait_share_what_is_put() {
    let (producer, consumer) = halves(4);
    let mut consumers = [consumer.clone(), consumer.clone(), consumer];
    let mut nexts: Vec<_> = consumers.iter_mut().map(|consumer| parked(consumer.next())).collect();
    (0..3).for_each(|item| producer.try_put(item).unwrap());
    for (item, next) in (0..).zip(&mut nexts) {
        assert!(next.is_woken(), "stream {item} was not told");
        assert_eq!(answer(next), Some(item));
    }
}

#[test]
fn a_verb_of_a_consumer_is_not_in_the_way_of_its_own_stream() {
    let (producer, mut consumer) = halves(4);
    for item in 0..4 {
        assert!(consumer.next().now_or_never().is_none());
        let mut get = parked(consumer.get());
        assert_eq!(producer.stats().waiting_getters, 1, "the stream waits though nobody can poll it");
        producer.try_put(item).unwrap();
        assert_eq!(answer(&mut get), Ok(item));
    }
    assert!(consumer.next().now_or_never().is_none());
    producer.try_put(4).unwrap();
    assert_eq!(consumer.try_get(), Ok(4));
    producer.try_put(5).unwrap();
    assert_eq!(consumer.try_get(), Ok(5));
    assert_eq!(consumer.clone().try_get(), Err(GetError::Empty));
}

#[test]
fn a_stream_may_move_between_tasks() {
    let (producer, mut consumer) = halves(4);
    let mut next = parked(consumer.next());
    assert!(next.poll_from_another_task().is_pending());
    producer.try_put(1).unwrap();
    assert!(next.is_woken());
    assert_eq!(answer(&mut next), Some(1));
}

#[tokio::test]
async fn select_over_streams_loses_nothing() {
    let (left_in, mut left) = halves(2);
    let (right_in, mut right) = halves(2);
    let putters = [(left_in, 0), (right_in, 1000)].map(|(producer, base)| {
        tokio::spawn(async move {
            for item in 0..500 {
                producer.put(base + item).await.unwrap();
                if item % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    let mut got = vec![];
    loop {
        // The wait of the one that is not chosen is dropped in the middle.
        let next = tokio::select! {
            item = right.next() => item,
            item = left.next() => item,
        };
        let Some(item) = next else { break };
        got.push(item);
    }
    got.extend(left.collect::<Vec<_>>().await);
    got.extend(right.collect::<Vec<_>>().await);
    for putter in putters {
        putter.await.unwrap();
    }
    for base in [0, 1000] {
        let side: Vec<_> = got.iter().copied().filter(|item| item / 1000 == base / 1000).collect();
        assert!(side.iter().copied().eq(base..base + 500), "{side:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_on_many_tasks_get_each_item_once() {
    let (producer, consumer) = halves(3);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let consumer = consumer.clone();
            tokio::spawn(consumer.collect::<Vec<u32>>())
        })
        .collect();
    drop(consumer);
    let feeders = [0, 1].map(|feeder| {
        let producer = producer.clone();
        tokio::spawn(stream::iter((0..2000).map(move |item| item * 2 + feeder)).map(Ok).forward(producer))
    });
    drop(producer);
    for feeder in feeders {
        feeder.await.unwrap().unwrap();
    }
    let mut got = vec![];
    for worker in workers {
        let items = worker.await.unwrap();
        let in_order = [0, 1].iter().all(|side| items.iter().filter(|item| *item % 2 == *side).is_sorted());
        assert!(in_order, "a getter sees the items of a putter in order");
        got.extend(items);
    }
    got.sort_unstable();
    assert!(got.into_iter().eq(0..4000));
}

// Sinks.

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

#[test]
fn halves_are_pinned_without_a_box() {
    let (mut producer, mut consumer) = halves(1);
    let (_, _) = (Pin::new(&mut producer), Pin::new(&mut consumer));
}
