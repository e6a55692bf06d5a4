//! Law 2: each item is delivered exactly once unless the queue let it go, and then exactly the hook saw it; a put that
//! did not complete delivers nothing.
//!
//! Producers and consumers, tasks and threads, give up at random; in the end the books are compared.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use queue_core::{DropReason, Fifo, GetError, Kind, Lifo, Overflow, Priority, QueueOf, Shutdown};
use support::{Random, assert_conserved, cancelled_after, without_deadlock};
use tokio::runtime::Runtime;

const PRODUCERS: u64 = 3;
const ITEMS: u64 = 12_000;
const POLICIES: [Overflow; 4] = [Overflow::Wait, Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest];

/// A wait that may or may not be long enough.
fn moment(random: &mut Random) -> Duration {
    Duration::from_micros(random.below(30))
}

/// Tries to put the items from `first` on, and returns those whose put completed.
async fn produce<K: Kind<u64> + 'static>(queue: QueueOf<u64, K>, first: u64) -> Vec<u64>
where
    K::Buffer: Send,
{
    let (mut random, mut accepted) = (Random(first), vec![]);
    for item in first..first + ITEMS {
        let polls = 1 + random.below(4);
        let put = match random.below(5) {
            0..=1 => cancelled_after(polls, queue.put(item)).await.is_some_and(|put| put.is_ok()),
            2 => queue.put_timeout(item, moment(&mut random)).await.is_ok(),
            3 => queue.try_put(item).is_ok(),
            _ => queue.put(item).await.is_ok(),
        };
        if put {
            accepted.push(item);
        }
    }
    accepted
}

fn produce_on_a_thread<K: Kind<u64> + 'static>(queue: &QueueOf<u64, K>, first: u64) -> Vec<u64> {
    let mut random = Random(first);
    let put = |item: &u64| match random.below(3) {
        0 => queue.blocking_put_timeout(*item, moment(&mut random)).is_ok(),
        1 => queue.try_put(*item).is_ok(),
        _ => queue.blocking_put(*item).is_ok(),
    };
    (first..first + ITEMS).filter(put).collect()
}

/// Gets until the queue is over, and returns what it got.
async fn consume<K: Kind<u64> + 'static>(queue: QueueOf<u64, K>, seed: u64) -> Vec<u64>
where
    K::Buffer: Send,
{
    let (mut random, mut delivered) = (Random(seed), vec![]);
    loop {
        let polls = 1 + random.below(3);
        let got = match random.below(6) {
            0..=1 => cancelled_after(polls, queue.get()).await,
            2 => Some(queue.get_timeout(moment(&mut random)).await),
            3 => Some(queue.try_get()),
            4 => cancelled_after(polls, queue.receive()).await.map(|received| received.map(|delivery| *delivery)),
            _ => match cancelled_after(polls, queue.get_batch(3, moment(&mut random))).await {
                Some(Ok(batch)) => {
                    delivered.extend(batch);
                    None
                }
                Some(Err(error)) => Some(Err(error)),
                None => None,
            },
        };
        match got {
            Some(Ok(item)) => delivered.push(item),
            Some(Err(GetError::ShutDown)) => return delivered,
            Some(Err(_)) | None => tokio::task::yield_now().await,
        }
    }
}

fn consume_on_a_thread<K: Kind<u64> + 'static>(queue: &QueueOf<u64, K>) -> Vec<u64> {
    let (mut random, mut delivered) = (Random(9), vec![]);
    loop {
        match queue.blocking_get_timeout(moment(&mut random)) {
            Ok(item) => delivered.push(item),
            Err(GetError::ShutDown) => return delivered,
            Err(_) => thread::yield_now(),
        }
    }
}

fn sorted(lists: impl IntoIterator<Item = Vec<u64>>) -> Vec<u64> {
    let mut all: Vec<_> = lists.into_iter().flatten().collect();
    all.sort_unstable();
    all
}

/// The books of one queue that was used by all and then shut down.
fn compare_books<K: Kind<u64> + 'static>(runtime: &Runtime, overflow: Overflow, how: Shutdown)
where
    K::Buffer: Send,
{
    let let_go: Arc<Mutex<Vec<(u64, DropReason)>>> = Arc::default();
    let hook = {
        let let_go = Arc::clone(&let_go);
        move |item, reason| let_go.lock().unwrap().push((item, reason))
    };
    let builder = QueueOf::<u64, K>::builder("test").capacity(3).overflow(overflow);
    let queue = builder.on_drop(hook).unregistered().build().unwrap();

    let consumers: Vec<_> = (0..2).map(|seed| runtime.spawn(consume(queue.clone(), seed))).collect();
    let consumer_thread = thread::spawn({
        let queue = queue.clone();
        move || consume_on_a_thread(&queue)
    });
    let producers: Vec<_> = (1..PRODUCERS).map(|n| runtime.spawn(produce(queue.clone(), n * ITEMS))).collect();
    let mut accepted = vec![produce_on_a_thread(&queue, 0)];
    if how == Shutdown::Immediate {
        // In the middle of it: the other producers may still be at work.
        queue.shutdown(how);
    }
    accepted.extend(producers.into_iter().map(|producer| runtime.block_on(producer).unwrap()));
    queue.shutdown(how);
    let mut delivered = vec![consumer_thread.join().unwrap()];
    delivered.extend(consumers.into_iter().map(|consumer| runtime.block_on(consumer).unwrap()));

    let case = format!("{overflow:?}, {how:?}");
    let stats = queue.stats();
    assert_conserved(&stats);
    assert_eq!((stats.depth, stats.in_transit), (0, 0), "{case}");
    let (accepted, delivered) = (sorted(accepted), sorted(delivered));
    let let_go = let_go.lock().unwrap();
    let dropped = sorted([let_go.iter().map(|(item, _)| *item).collect()]);
    assert_eq!(stats.totals.put, accepted.len() as u64, "{case}");
    assert_eq!(stats.totals.got, delivered.len() as u64, "{case}");
    assert_eq!(sorted([delivered, dropped]), accepted, "{case}: delivered or let go, once, and nothing else");
    let count = |reason| let_go.iter().filter(|(_, why)| *why == reason).count() as u64;
    let counted = [stats.totals.dropped_oldest, stats.totals.dropped_newest, stats.totals.dropped_shutdown];
    assert_eq!([DropReason::Oldest, DropReason::Newest, DropReason::ShutDown].map(count), counted, "{case}");
}

fn every_case<K: Kind<u64> + 'static>()
where
    K::Buffer: Send,
{
    without_deadlock(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        for overflow in POLICIES {
            for how in [Shutdown::Drain, Shutdown::Immediate] {
                compare_books::<K>(&runtime, overflow, how);
            }
        }
    });
}

#[test]
fn a_queue_delivers_each_item_once() {
    every_case::<Fifo>();
}

#[test]
fn a_stack_delivers_each_item_once() {
    every_case::<Lifo>();
}

#[test]
fn a_priority_queue_delivers_each_item_once() {
    every_case::<Priority>();
}
