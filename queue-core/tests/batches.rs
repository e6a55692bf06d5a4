//! `get_batch`: the first item as long as it takes, then what comes until it is full, lingers out or has no hope of
//! more.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::time::Duration;

use queue_core::{GetError, Overflow, PriorityQueue, Queue, Shutdown};
use support::{answer, at_once, overflowing, panic_of, parked, queue};
use tokio::time::{Instant, advance, timeout};

const LINGER: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test(start_paused = true)]
async fn the_first_item_is_waited_for_as_long_as_it_takes() {
    let queue = queue(8);
    let waited = timeout(1_000 * HOUR, queue.get_batch(3, LINGER)).await;
    assert!(waited.is_err(), "an empty batch was returned");
    assert_eq!(queue.stats().waiting_getters, 0);
}

#[tokio::test(start_paused = true)]
async fn the_linger_counts_from_the_first_item() {
    let queue = queue(8);
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { (queue.get_batch(5, LINGER).await, Instant::now()) }
    });
    tokio::time::sleep(HOUR).await;
    queue.try_put(1).unwrap();
    let first = Instant::now();
    tokio::time::sleep(seconds(9)).await;
    queue.try_put(2).unwrap();
    let (items, returned) = batch.await.unwrap();
    assert_eq!(items, Ok(vec![1, 2]));
    // tokio's timer rounds up to the next millisecond.
    assert_eq!((returned - first).as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_linger() {
    let queue = queue(8);
    let began = Instant::now();
    (1..=3).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(queue.get_batch(3, LINGER).await, Ok(vec![1, 2, 3]));
    let mut batch = parked(queue.get_batch(2, LINGER));
    queue.try_put(4).unwrap();
    assert!(batch.is_woken() && batch.poll().is_pending());
    queue.try_put(5).unwrap();
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Ok(vec![4, 5]));
    assert_eq!(Instant::now(), began);
}

#[tokio::test(start_paused = true)]
async fn what_is_beyond_the_batch_stays() {
    let queue = queue(8);
    (1..=5).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(queue.get_batch(3, LINGER).await, Ok(vec![1, 2, 3]));
    assert_eq!(queue.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_a_full_batch() {
    let queue = queue(3);
    (1..=3).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(at_once(queue.get_batch(100, LINGER)), Ok(vec![1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_fills_up_while_a_batch_lingers_is_a_full_batch() {
    let queue = queue(3);
    let mut batch = parked(queue.get_batch(100, LINGER));
    queue.try_put(1).unwrap();
    assert!(batch.is_woken() && batch.poll().is_pending());
    queue.try_put(2).unwrap();
    queue.try_put(3).unwrap();
    assert!(batch.is_woken(), "nothing more can come in, and nobody told the batch");
    assert_eq!(answer(&mut batch), Ok(vec![1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_before_the_oldest_item_has_to_go() {
    let queue = overflowing(2, Overflow::DropOldest);
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { queue.get_batch(100, LINGER).await }
    });
    for item in 0..4 {
        tokio::task::yield_now().await;
        queue.put(item).await.unwrap();
    }
    assert_eq!(batch.await.unwrap(), Ok(vec![0, 1]));
    assert_eq!(queue.drain(), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_returns_what_is_there() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(5, LINGER));
    queue.try_put(1).unwrap();
    assert!(batch.poll().is_pending());
    queue.shutdown(Shutdown::Drain);
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Ok(vec![1]));
    assert_eq!(at_once(queue.get_batch(5, LINGER)), Err(GetError::ShutDown));
}

#[tokio::test(start_paused = true)]
async fn an_immediate_shutdown_leaves_a_lingering_batch_nothing() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(5, LINGER));
    queue.try_put(1).unwrap();
    assert!(batch.poll().is_pending());
    queue.shutdown(Shutdown::Immediate);
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Err(GetError::ShutDown));
}

#[tokio::test(start_paused = true)]
async fn others_may_take_items_while_a_batch_lingers() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(3, LINGER));
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    assert!(batch.poll().is_pending());
    assert_eq!(queue.try_get(), Ok(1));
    advance(LINGER).await;
    assert_eq!(answer(&mut batch), Ok(vec![2]));
}

#[tokio::test(start_paused = true)]
async fn the_clock_starts_anew_when_others_took_all() {
    let queue = queue(8);
    let began = Instant::now();
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { (queue.get_batch(3, LINGER).await, began.elapsed().as_secs()) }
    });
    tokio::time::sleep(seconds(1)).await;
    queue.try_put(1).unwrap();
    tokio::time::sleep(seconds(7)).await;
    assert_eq!(queue.try_get(), Ok(1));
    // Not at 11: nothing was there then. Not at 25: the clock starts with the second first item.
    tokio::time::sleep(seconds(7)).await;
    queue.try_put(2).unwrap();
    assert_eq!(batch.await.unwrap(), (Ok(vec![2]), 25));
}

#[tokio::test(start_paused = true)]
async fn an_item_put_right_after_others_took_all_starts_the_clock_too() {
    let queue = queue(8);
    let began = Instant::now();
    let batch = tokio::spawn({
        let queue = queue.clone();
        async move { (queue.get_batch(3, LINGER).await, began.elapsed().as_secs()) }
    });
    tokio::time::sleep(seconds(1)).await;
    queue.try_put(1).unwrap();
    tokio::time::sleep(seconds(7)).await;
    // The batch does not run between the two.
    assert_eq!(queue.try_get(), Ok(1));
    queue.try_put(2).unwrap();
    assert_eq!(batch.await.unwrap(), (Ok(vec![2]), 18));
}

#[test]
fn a_batch_of_nothing_is_refused() {
    let queue = queue(8);
    let message = panic_of(|| drop(queue.get_batch(0, LINGER)));
    assert_eq!(message.as_deref(), Some("a batch of at most 0 items would never return; ask for 1 or more"));
}

#[test]
fn no_runtime_is_needed_where_nothing_lingers() {
    let queue = queue(4);
    queue.try_put(1).unwrap();
    assert_eq!(at_once(queue.get_batch(3, Duration::ZERO)), Ok(vec![1]));
    (1..=4).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(at_once(queue.get_batch(2, LINGER)), Ok(vec![1, 2]));
    queue.shutdown(Shutdown::Drain);
    assert_eq!(at_once(queue.get_batch(8, LINGER)), Ok(vec![3, 4]));
}

#[test]
fn a_batch_without_linger_waits_for_one_item() {
    let queue = queue(4);
    let mut batch = parked(queue.get_batch(3, Duration::ZERO));
    queue.try_put(1).unwrap();
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Ok(vec![1]));
}

#[test]
fn lingering_without_a_timer_says_so_and_loses_nothing() {
    let queue = queue(4);
    queue.try_put(1).unwrap();
    let message = panic_of(|| drop(at_once(queue.get_batch(3, LINGER)))).unwrap();
    assert!(message.contains("runtime"), "{message}");
    assert_eq!(queue.drain(), [1]);
    assert_eq!(queue.stats().waiting_getters, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_batch_leaves_everything() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(5, LINGER));
    (1..=3).for_each(|item| queue.try_put(item).unwrap());
    assert!(batch.poll().is_pending());
    drop(batch);
    assert_eq!(queue.drain(), [1, 2, 3]);
}

#[test]
fn a_batch_makes_room_for_as_many_putters_as_it_holds_items() {
    let queue = queue(3);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    let mut putters: Vec<_> = (3..7).map(|item| parked(queue.put(item))).collect();
    assert_eq!(at_once(queue.get_batch(3, Duration::ZERO)), Ok(vec![0, 1, 2]));
    let woken: Vec<_> = putters.iter().map(queue_core::testing::ByHand::is_woken).collect();
    assert_eq!(woken, [true, true, true, false]);
    putters.iter_mut().take(3).for_each(|putter| answer(putter).unwrap());
    assert_eq!(queue.len(), 3);
}

#[test]
fn a_batch_has_the_order_of_its_queue() {
    let sorted = PriorityQueue::<u32>::builder("test").capacity(5).unregistered().build().unwrap();
    [3, 1, 2].into_iter().for_each(|item| sorted.try_put(item).unwrap());
    assert_eq!(at_once(sorted.get_batch(2, Duration::ZERO)), Ok(vec![1, 2]));
}

#[test]
fn a_batch_may_be_as_large_as_it_likes() {
    let queue = Queue::builder("test").unbounded().unregistered().build().unwrap();
    (0..1_000).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(at_once(queue.get_batch(usize::MAX, Duration::ZERO)), Ok((0..1_000).collect()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_may_linger_beyond_the_end_of_time() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(2, Duration::MAX));
    queue.try_put(1).unwrap();
    assert!(batch.is_woken() && batch.poll().is_pending());
    advance(1_000 * HOUR).await;
    assert!(batch.poll().is_pending());
    queue.try_put(2).unwrap();
    assert_eq!(answer(&mut batch), Ok(vec![1, 2]));
}
