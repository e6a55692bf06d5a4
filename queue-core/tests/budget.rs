//! Law 7: a task that never has to wait still lets others run, because every future spends tokio's budget.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use queue_core::Queue;

/// How often the other task has to run before the busy one stops.
const TURNS: u32 = 20;
/// How many operations the busy one may need for that: many times tokio's budget.
const MOST: u32 = 60_000;

/// Runs an operation that is always ready, over and over, beside a task that counts its turns.
fn lets_others_run<F: Future>(what: &str, operation: impl Fn(Queue<u32>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().unwrap();
        // An operation that splits it does not end it.
        let _halves = queue.clone().split();
        (0..MOST * 2).for_each(|item| queue.try_put(item).unwrap());
        let turns = Arc::new(AtomicU32::new(0));
        let ticker = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move {
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut operations = 0;
        while turns.load(Ordering::Relaxed) < TURNS {
            operation(queue.clone()).await;
            operations += 1;
            assert!(operations < MOST, "{what} starves the other tasks of its thread");
        }
        assert!(operations >= TURNS, "{what} had nothing to do");
        ticker.abort();
    });
}

#[test]
fn a_hot_putter_lets_others_run() {
    lets_others_run("put", |queue| async move { queue.put(1).await.unwrap() });
    lets_others_run("put_timeout", |queue| async move { queue.put_timeout(1, Duration::MAX).await.unwrap() });
}

#[test]
fn a_hot_getter_lets_others_run() {
    lets_others_run("get", |queue| async move { queue.get().await.unwrap() });
    lets_others_run("get_timeout", |queue| async move { queue.get_timeout(Duration::MAX).await.unwrap() });
    lets_others_run("receive", |queue| async move { queue.receive().await.unwrap().done() });
}

#[test]
fn hot_batches_let_others_run() {
    lets_others_run("get_batch", |queue| async move { queue.get_batch(1, Duration::MAX).await.unwrap() });
}

#[test]
fn hot_halves_let_others_run() {
    lets_others_run("a stream", |queue| async move { queue.split().1.next().await.unwrap() });
    lets_others_run("a sink", |queue| async move { queue.split().0.send(1).await.unwrap() });
}

#[test]
fn a_pair_that_never_waits_lets_others_run() {
    lets_others_run("put and get", |queue| async move {
        queue.put(1).await.unwrap();
        queue.get().await.unwrap()
    });
}

#[test]
fn waiting_for_what_has_happened_lets_others_run() {
    lets_others_run("until_shut_down", |queue| async move {
        queue.shutdown(queue_core::Shutdown::Drain);
        queue.until_shut_down().await;
    });
    lets_others_run("join", |queue| async move {
        queue.task_done_many(queue.drain().len()).unwrap();
        queue.join().await;
    });
}

#[test]
fn a_timeout_of_zero_gets_what_is_ready_though_the_budget_is_spent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().unwrap();
        for item in 0..1_000 {
            queue.put_timeout(item, Duration::ZERO).await.unwrap();
        }
        for item in 0..1_000 {
            assert_eq!(queue.get_timeout(Duration::ZERO).await, Ok(item));
        }
    });
}
