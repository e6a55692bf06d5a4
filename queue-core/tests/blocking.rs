//! The verbs of plain threads, alone and mixed with tasks.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::thread;
use std::time::Duration;

use queue_core::{GetError, PutError, Queue, Shutdown};
use support::{answer, at_once, panic_of, parked, queue, until, without_deadlock};

const ITEMS: u32 = 2_000;

#[test]
fn threads_and_tasks_share_a_queue() {
    without_deadlock(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        for capacity in [1, 3, 100] {
            let queue = queue(capacity);
            let thread_putter = thread::spawn({
                let queue = queue.clone();
                move || (0..ITEMS).for_each(|item| queue.blocking_put(item).unwrap())
            });
            let task_putter = runtime.spawn({
                let queue = queue.clone();
                async move {
                    for item in ITEMS..2 * ITEMS {
                        queue.put(item).await.unwrap();
                    }
                }
            });
            let thread_getter = thread::spawn({
                let queue = queue.clone();
                move || std::iter::from_fn(|| queue.blocking_get().ok()).collect::<Vec<_>>()
            });
            let task_getter = runtime.spawn({
                let queue = queue.clone();
                async move {
                    let mut items = vec![];
                    while let Ok(item) = queue.get().await {
                        items.push(item);
                    }
                    items
                }
            });
            thread_putter.join().unwrap();
            runtime.block_on(task_putter).unwrap();
            queue.shutdown(Shutdown::Drain);
            let mut got = thread_getter.join().unwrap();
            got.extend(runtime.block_on(task_getter).unwrap());
            got.sort_unstable();
            assert!(got.into_iter().eq(0..2 * ITEMS), "each item once");
        }
    });
}

#[tokio::test]
async fn waiting_inside_a_runtime_panics_and_says_what_to_do() {
    let (empty, full) = (queue(1), queue(1));
    full.try_put(1).unwrap();
    let waits: [(&str, &dyn Fn()); 5] = [
        ("blocking_get", &|| assert!(empty.blocking_get().is_err())),
        ("blocking_get_timeout", &|| assert!(empty.blocking_get_timeout(Duration::MAX).is_err())),
        ("blocking_put", &|| assert!(full.blocking_put(2).is_err())),
        ("blocking_put_timeout", &|| assert!(full.blocking_put_timeout(2, Duration::MAX).is_err())),
        ("blocking_join", &|| full.blocking_join()),
    ];
    for (verb, wait) in waits {
        let message = panic_of(wait).unwrap_or_else(|| panic!("{verb} blocked a runtime"));
        assert!(message.contains("block"), "{verb}: {message}");
    }
    let left = [empty.stats(), full.stats()].map(|stats| stats.waiting_getters + stats.waiting_putters);
    assert_eq!((left, full.drain()), ([0, 0], vec![1]), "a panic leaves nothing behind");
}

#[tokio::test]
async fn what_needs_no_waiting_is_fine_inside_a_runtime_however_often() {
    let queue = Queue::builder("test").unbounded().unregistered().build().unwrap();
    // More than tokio's budget for one turn of a task.
    for item in 0..1_000 {
        queue.blocking_put(item).unwrap();
    }
    for item in 0..1_000 {
        assert_eq!(queue.blocking_get(), Ok(item));
    }
    queue.task_done_many(1_000).unwrap();
    queue.blocking_join();
}

#[tokio::test]
async fn a_thread_lent_for_blocking_may_wait() {
    let queue = queue(1);
    let getter = tokio::task::spawn_blocking({
        let queue = queue.clone();
        move || (0..100).map(|_| queue.blocking_get().unwrap()).collect::<Vec<_>>()
    });
    for item in 0..100 {
        queue.put(item).await.unwrap();
    }
    assert!(getter.await.unwrap().into_iter().eq(0..100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_blocks_in_place_may_wait() {
    let queue = queue(1);
    let putter = tokio::spawn({
        let queue = queue.clone();
        async move {
            for item in 0..100 {
                queue.put(item).await.unwrap();
            }
        }
    });
    let items = tokio::spawn(async move {
        tokio::task::block_in_place(|| (0..100).map(|_| queue.blocking_get().unwrap()).collect::<Vec<_>>())
    });
    assert!(items.await.unwrap().into_iter().eq(0..100));
    putter.await.unwrap();
}

#[test]
fn a_put_that_times_out_gives_its_item_back() {
    let queue = queue(1);
    queue.try_put(1).unwrap();
    for limit in [Duration::ZERO, Duration::from_millis(2)] {
        assert_eq!(queue.blocking_put_timeout(2, limit), Err(PutError::TimedOut(2)));
    }
    let stats = queue.stats();
    assert_eq!((stats.waiting_putters, stats.totals.put, queue.drain()), (0, 1, vec![1]));
}

#[test]
fn a_get_that_times_out_leaves_nothing_behind() {
    let queue = queue(1);
    for limit in [Duration::ZERO, Duration::from_millis(2)] {
        assert_eq!(queue.blocking_get_timeout(limit), Err(GetError::TimedOut));
    }
    queue.try_put(1).unwrap();
    assert_eq!((queue.stats().waiting_getters, queue.len()), (0, 1));
}

#[test]
fn no_time_at_all_is_enough_for_what_is_ready() {
    let queue = queue(1);
    assert_eq!(queue.blocking_put_timeout(1, Duration::ZERO), Ok(()));
    assert_eq!(queue.blocking_get_timeout(Duration::ZERO), Ok(1));
}

#[test]
fn a_task_with_no_time_at_all_has_its_answer_at_once_and_needs_no_timer() {
    let queue = queue(1);
    assert_eq!(at_once(queue.get_timeout(Duration::ZERO)), Err(GetError::TimedOut));
    assert_eq!(at_once(queue.put_timeout(1, Duration::ZERO)), Ok(()));
    assert_eq!(at_once(queue.put_timeout(2, Duration::ZERO)), Err(PutError::TimedOut(2)));
    assert_eq!(at_once(queue.get_timeout(Duration::ZERO)), Ok(1));
}

#[test]
fn a_limit_beyond_the_end_of_time_is_none() {
    without_deadlock(|| {
        let queue = queue(1);
        let getter = thread::spawn({
            let queue = queue.clone();
            move || queue.blocking_get_timeout(Duration::MAX)
        });
        until(|| queue.stats().waiting_getters == 1);
        assert_eq!(queue.blocking_put_timeout(1, Duration::MAX), Ok(()));
        assert_eq!(getter.join().unwrap(), Ok(1));
    });
}

#[tokio::test(start_paused = true)]
async fn tasks_have_limits_beyond_the_end_of_time_too() {
    let queue = queue(1);
    queue.put_timeout(1, Duration::MAX).await.unwrap();
    let putter = tokio::spawn({
        let queue = queue.clone();
        async move { queue.put_timeout(2, Duration::MAX).await }
    });
    while queue.stats().waiting_putters == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(queue.get_timeout(Duration::MAX).await, Ok(1));
    putter.await.unwrap().unwrap();
    assert_eq!(queue.get_timeout(Duration::MAX).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_times_out_gets_its_item_back_and_what_is_ready_beats_the_limit() {
    let limit = Duration::from_secs(5);
    let queue = queue(1);
    assert_eq!(queue.get_timeout(limit).await, Err(GetError::TimedOut));
    queue.put_timeout(1, limit).await.unwrap();
    assert_eq!(queue.put_timeout(2, limit).await, Err(PutError::TimedOut(2)));
    assert_eq!(queue.get_timeout(Duration::ZERO).await, Ok(1));

    let mut getter = parked(queue.get_timeout(limit));
    tokio::time::advance(2 * limit).await;
    queue.try_put(3).unwrap();
    assert_eq!(answer(&mut getter), Ok(3), "it was handed over after the limit, and before it was looked at");
}

#[test]
fn a_shutdown_releases_waiting_threads() {
    without_deadlock(|| {
        let (empty, full) = (queue(1), queue(1));
        full.try_put(0).unwrap();
        let getter = thread::spawn({
            let empty = empty.clone();
            move || empty.blocking_get()
        });
        let putter = thread::spawn({
            let full = full.clone();
            move || full.blocking_put(1)
        });
        until(|| empty.stats().waiting_getters == 1 && full.stats().waiting_putters == 1);
        empty.shutdown(Shutdown::Drain);
        full.shutdown(Shutdown::Immediate);
        assert_eq!(getter.join().unwrap(), Err(GetError::ShutDown));
        assert_eq!(putter.join().unwrap(), Err(PutError::ShutDown(1)));
    });
}

#[test]
fn timeouts_that_race_with_handovers_lose_nothing() {
    without_deadlock(|| {
        let queue = queue(1);
        let getters: Vec<_> = (0..2)
            .map(|_| {
                let queue = queue.clone();
                thread::spawn(move || {
                    let mut got = vec![];
                    loop {
                        match queue.blocking_get_timeout(Duration::from_micros(20)) {
                            Ok(item) => got.push(item),
                            Err(GetError::ShutDown) => return got,
                            Err(_) => {}
                        }
                    }
                })
            })
            .collect();
        for item in 0..ITEMS {
            let mut item = item;
            while let Err(error) = queue.blocking_put_timeout(item, Duration::from_micros(20)) {
                item = error.into_inner();
            }
        }
        queue.shutdown(Shutdown::Drain);
        let mut got: Vec<_> = getters.into_iter().flat_map(|getter| getter.join().unwrap()).collect();
        got.sort_unstable();
        assert!(got.into_iter().eq(0..ITEMS), "each item once");
    });
}
