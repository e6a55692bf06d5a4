//! A consumer as a stream: told of items, handed none.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use futures_util::{FutureExt, StreamExt, stream};
use queue_core::{GetError, Shutdown};
use support::{answer, at_once, halves, parked};

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
    assert!(next.poll().is_pending(), "it comes for an item that is gone");
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
