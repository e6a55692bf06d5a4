//! What well-known recipes for `asyncio.Queue` get wrong, done with these queues: each test is a recipe's scenario, and
//! its name what it gets right here. `docs/semantics.md` has what the recipes printed.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::cmp::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::testing::PausedClock;
use queue_core::{DropReason, GetError, Overflow, PriorityQueue, PutError, Queue, Shutdown};
use support::{answer, at_once, overflowing, parked, queue};
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(1);

/// Lets every task on this thread run until it waits.
async fn everybody_waits() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

// Drop-oldest by a subclass whose put_nowait calls get_nowait.

#[tokio::test(start_paused = true)]
async fn an_item_let_go_for_a_newer_one_leaves_join_nothing_to_wait_for() {
    let telemetry = overflowing(2, Overflow::DropOldest);
    (0..3).for_each(|item| telemetry.try_put(item).unwrap());
    assert_eq!(telemetry.drain(), [1, 2]);
    telemetry.task_done_many(2).unwrap();
    tokio::time::timeout(TIMEOUT, telemetry.join()).await.unwrap();
}

#[test]
fn every_way_to_put_lets_the_oldest_go_and_none_waits() {
    let telemetry = overflowing(1, Overflow::DropOldest);
    telemetry.try_put(0).unwrap();
    at_once(telemetry.put(1)).unwrap();
    at_once(telemetry.put_timeout(2, Duration::MAX)).unwrap();
    at_once(telemetry.put_all([3, 4])).unwrap();
    telemetry.blocking_put(5).unwrap();
    assert_eq!((telemetry.drain(), telemetry.stats().totals.dropped_oldest), (vec![5], 5));
}

// Batches by a loop over wait_for(get(), timeout).

#[tokio::test(start_paused = true)]
async fn a_batch_is_not_held_open_by_a_trickle_of_items() {
    let queue = queue(100);
    let trickle = tokio::spawn({
        let queue = queue.clone();
        async move {
            for item in 0..5 {
                queue.put(item).await.unwrap();
                tokio::time::sleep(TIMEOUT * 3 / 4).await;
            }
        }
    });
    let began = Instant::now();
    assert_eq!(queue.get_batch(5, TIMEOUT).await, Ok(vec![0, 1]));
    assert_eq!(began.elapsed().as_secs(), TIMEOUT.as_secs());
    trickle.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_aborted_in_the_middle_of_a_batch_takes_no_item_along() {
    let queue = queue(100);
    (0..2).for_each(|item| queue.try_put(item).unwrap());
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { queue.get_batch(3, TIMEOUT).await }
    });
    everybody_waits().await;
    batch.abort();
    assert!(batch.await.unwrap_err().is_cancelled());
    assert_eq!(queue.drain(), [0, 1]);
}

// A pipeline that is ended by sentinels.

/// The pipeline of the recipe: each stage ends when the one before it has ended and its queue is drained.
async fn pipeline(downloaders: usize, parsers: usize, storers: usize) -> usize {
    let (urls, raw, results) = (queue(50), queue(20), queue(20));
    let stored = Arc::new(Mutex::new(Vec::new()));
    let stage = |workers: usize, from: &Queue<u32>, to: Option<&Queue<u32>>| -> Vec<_> {
        let worker = |_| {
            let (from, to, stored) = (from.clone(), to.cloned(), Arc::clone(&stored));
            tokio::spawn(async move {
                while let Ok(item) = from.receive().await {
                    tokio::time::sleep(Duration::from_millis(u64::from(1 + *item % 7))).await;
                    match &to {
                        Some(to) => to.put(*item).await.unwrap(),
                        None => stored.lock().unwrap().push(*item),
                    }
                    item.done();
                }
            })
        };
        (0..workers).map(worker).collect()
    };
    let stages = [
        (&urls, stage(downloaders, &urls, Some(&raw))),
        (&raw, stage(parsers, &raw, Some(&results))),
        (&results, stage(storers, &results, None)),
    ];
    urls.put_all(0..1000).await.unwrap();
    for (queue, workers) in stages {
        queue.shutdown(Shutdown::Drain);
        for worker in workers {
            worker.await.unwrap();
        }
        queue.join().await;
        assert_eq!(queue.stats().unfinished, 0);
    }
    let mut stored = stored.lock().unwrap().clone();
    stored.sort_unstable();
    stored.dedup();
    stored.len()
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_stores_everything_and_ends_whatever_its_numbers_of_workers() {
    for (downloaders, parsers, storers) in [(5, 3, 2), (3, 5, 2), (1, 3, 2), (2, 3, 2), (3, 3, 3)] {
        let stored = tokio::time::timeout(Duration::from_secs(3600), pipeline(downloaders, parsers, storers)).await;
        assert_eq!(stored.unwrap(), 1000, "with {downloaders}, {parsers}, {storers} workers");
    }
}

// A consumer that is cancelled, and drains in its handler.

#[tokio::test(start_paused = true)]
async fn the_item_in_the_hand_of_a_cancelled_consumer_is_finished_and_counted() {
    let queue = queue(10);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    let consumer = tokio::spawn({
        let queue = queue.clone();
        async move {
            while let Ok(item) = queue.receive().await {
                tokio::time::sleep(TIMEOUT).await;
                item.done();
            }
        }
    });
    everybody_waits().await;
    consumer.abort();
    assert!(consumer.await.unwrap_err().is_cancelled());
    // Whoever comes next has the rest.
    while let Ok(item) = queue.try_get() {
        assert_ne!(item, 0);
        queue.task_done().unwrap();
    }
    tokio::time::timeout(TIMEOUT, queue.join()).await.unwrap();
    let totals = queue.stats().totals;
    assert_eq!((totals.done_ok, totals.done_abandoned), (2, 1));
}

// Consumers that look at an event between gets with a timeout.

#[tokio::test(start_paused = true)]
async fn a_drain_ends_busy_consumers_with_nothing_left_behind_and_idle_ones_at_once() {
    for items in [10, 0] {
        let queue = queue(10);
        let consumer = tokio::spawn({
            let queue = queue.clone();
            async move {
                while let Ok(item) = queue.receive().await {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    item.done();
                }
            }
        });
        (0..items).for_each(|item| queue.try_put(item).unwrap());
        everybody_waits().await;
        let told = Instant::now();
        queue.shutdown(Shutdown::Drain);
        tokio::time::timeout(TIMEOUT, consumer).await.unwrap().unwrap();
        assert_eq!(items == 0, told.elapsed().is_zero(), "nobody sleeps through the news");
        assert_eq!((queue.len(), queue.stats().totals.done_ok), (0, u64::from(items)));
    }
}

// Immediate shutdown, which in asyncio takes items without a word, also from a getter that was woken for one.

#[test]
fn an_immediate_shutdown_says_what_it_lets_go_and_takes_nothing_from_who_was_given_it() {
    let gone = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&gone);
    let queue = Queue::<u32>::builder("test")
        .capacity(10)
        .on_drop(move |item, reason| sink.lock().unwrap().push((item, reason)))
        .unregistered()
        .build()
        .unwrap();
    let mut getter = parked(queue.get());
    (1..=3).for_each(|item| queue.try_put(item).unwrap());
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(*gone.lock().unwrap(), [(2, DropReason::ShutDown), (3, DropReason::ShutDown)]);
    let mut join = parked(queue.join());
    assert_eq!(answer(&mut getter), Ok(1));
    queue.task_done().unwrap();
    answer(&mut join);
}

// Priorities as tuples of (priority, payload).

/// A payload that cannot be compared, and is not.
#[derive(Debug)]
struct Payload(u32);

#[derive(Debug)]
struct Job(u8, Payload);

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[test]
fn equal_priorities_leave_in_put_order_and_nobody_looks_at_the_payload() {
    let jobs = PriorityQueue::<Job>::builder("test").unbounded().unregistered().build().unwrap();
    for payload in (0..1000).rev() {
        jobs.try_put(Job((payload % 3) as u8, Payload(payload))).unwrap();
    }
    let out: Vec<_> = jobs.drain().into_iter().map(|Job(priority, Payload(payload))| (priority, payload)).collect();
    let mut expected: Vec<_> = (0..1000).rev().map(|payload| ((payload % 3) as u8, payload)).collect();
    expected.sort_by_key(|(priority, _)| *priority);
    assert_eq!(out, expected);
}

// put_nowait and get_nowait that overtake whoever waits.

#[test]
fn whoever_waits_is_served_in_order_of_arrival_whatever_thieves_try() {
    let queue = queue(1);
    let (mut first, mut second) = (parked(queue.get()), parked(queue.get()));
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Err(GetError::Empty));
    queue.try_put(2).unwrap();
    assert_eq!((answer(&mut first), answer(&mut second)), (Ok(1), Ok(2)));

    queue.try_put(3).unwrap();
    let (mut first, mut second) = (parked(queue.put(4)), parked(queue.put(5)));
    assert_eq!(queue.try_get(), Ok(3));
    assert_eq!(queue.try_put(6), Err(PutError::Full(6)));
    assert_eq!(answer(&mut first), Ok(()));
    assert_eq!(queue.try_get(), Ok(4));
    assert_eq!(answer(&mut second), Ok(()));
    assert_eq!(queue.drain(), [5]);
}

// Gauges that are set every ten seconds.

#[test]
fn an_unbounded_queue_has_no_capacity_and_no_utilization_rather_than_minus_one_and_zero() {
    let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().unwrap();
    (0..100_000).for_each(|item| queue.try_put(item).unwrap());
    let stats = queue.stats();
    assert_eq!((stats.depth, stats.capacity, stats.utilization()), (100_000, None, None));
}

#[test]
fn bursts_that_fall_between_all_samples_are_in_the_mean_and_the_peak() {
    const EVERY: Duration = Duration::from_secs(10);
    let mut clock = PausedClock::pause();
    let queue = queue(100);
    let before = queue.stats();
    let mut sampled = Vec::new();
    for _ in 0..5 {
        sampled.push(queue.stats().utilization().unwrap());
        clock.advance(EVERY * 3 / 10);
        (0..100).for_each(|item| queue.try_put(item).unwrap());
        clock.advance(EVERY * 5 / 10);
        queue.drain();
        clock.advance(EVERY * 2 / 10);
    }
    let after = queue.stats();
    assert_eq!(sampled, [0.0; 5], "a gauge shows nothing");
    let item_seconds = after.totals.depth_time - before.totals.depth_time;
    let mean_utilization = item_seconds / (5.0 * EVERY.as_secs_f64() * 100.0);
    assert!((mean_utilization - 0.5).abs() < 1e-9, "{mean_utilization}");
    assert_eq!((after.depth_peak, after.totals.saturated), (100, EVERY * 5 / 2));
}

// "With balanced speeds and small maxsize, most operations are direct handoffs."

/// Who comes first in each step of ten milliseconds; the other comes five later.
#[derive(Clone, Copy)]
enum First {
    Putter,
    Getter,
}

/// How many of a hundred items are handed over where both sides take ten milliseconds for each.
async fn handed_over_in_step(capacity: usize, first: First) -> u64 {
    const STEP: Duration = Duration::from_millis(10);
    let queue = queue(capacity);
    let begin = Instant::now() + STEP;
    let (putter, getter) = match first {
        First::Putter => (begin, begin + STEP / 2),
        First::Getter => (begin + STEP / 2, begin),
    };
    let getting = tokio::spawn({
        let queue = queue.clone();
        async move {
            let mut steps = tokio::time::interval_at(getter, STEP);
            for item in 0..100 {
                steps.tick().await;
                assert_eq!(queue.get().await, Ok(item));
            }
        }
    });
    let mut steps = tokio::time::interval_at(putter, STEP);
    for item in 0..100 {
        steps.tick().await;
        queue.put(item).await.unwrap();
    }
    getting.await.unwrap();
    queue.stats().totals.handed_off
}

#[tokio::test(start_paused = true)]
async fn balanced_speeds_hand_over_every_item_or_none_by_who_comes_first_and_the_capacity_does_not_matter() {
    for capacity in [1, 2, 10] {
        assert_eq!(handed_over_in_step(capacity, First::Getter).await, 100);
        assert_eq!(handed_over_in_step(capacity, First::Putter).await, 0);
    }
}

/// The share of items that are handed over between two tasks on one thread that do nothing else, in percent.
fn handed_over_at_full_speed(capacity: usize) -> u64 {
    const ITEMS: u32 = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let queue = queue(capacity);
    // The budget would interrupt them now and then.
    let putting = runtime.spawn(tokio::task::unconstrained({
        let queue = queue.clone();
        async move { queue.put_all(0..ITEMS).await.unwrap() }
    }));
    let getting = runtime.spawn(tokio::task::unconstrained({
        let queue = queue.clone();
        async move {
            for item in 0..ITEMS {
                assert_eq!(queue.get().await, Ok(item));
            }
        }
    }));
    runtime.block_on(putting).unwrap();
    runtime.block_on(getting).unwrap();
    let items = u64::from(ITEMS);
    (queue.stats().totals.handed_off * 100 + items / 2) / items
}

#[test]
fn at_full_speed_one_item_in_capacity_and_one_is_handed_over_which_is_never_most() {
    assert_eq!([1, 2, 4, 10].map(handed_over_at_full_speed), [50, 33, 20, 9]);
}
