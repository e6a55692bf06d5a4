//! Items are finished exactly once, and `join` ends exactly when all of them are.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use queue_core::{Delivery, Overflow, Queue, Shutdown};
use support::{answer, assert_conserved, at_once, overflowing, parked, queue, without_deadlock};

/// One item that was got as a delivery.
fn delivered() -> (Queue<u32>, Delivery<u32>) {
    let queue = queue(4);
    queue.try_put(7).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    (queue, delivery)
}

/// Finished ok, failed, abandoned.
fn outcomes(queue: &Queue<u32>) -> [u64; 3] {
    let totals = queue.stats().totals;
    [totals.done_ok, totals.done_failed, totals.done_abandoned]
}

#[test]
fn task_done_for_more_than_is_in_flight_is_an_error_and_counts_nothing() {
    let queue = queue(4);
    queue.task_done().expect_err("nothing was got");
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    queue.task_done().expect_err("buffered is not in flight");
    queue.try_get().unwrap();
    queue.try_get().unwrap();
    queue.task_done_many(3).unwrap_err();
    let stats = queue.stats();
    assert_eq!((outcomes(&queue), stats.unfinished, stats.in_flight), ([0, 0, 0], 3, 2));
    queue.task_done_many(2).unwrap();
    queue.task_done_many(0).unwrap();
    queue.task_done().unwrap_err();
    assert_eq!((outcomes(&queue), queue.stats().unfinished), ([2, 0, 0], 1));
}

#[test]
fn a_task_done_too_many_says_how_many_there_were_and_what_to_do() {
    let queue = queue(4);
    let message = |n| queue.task_done_many(n).unwrap_err().to_string();
    let advice = "; call it once for each item got, and not for those of a Delivery, which finishes its own".to_owned();
    let none = "task_done was called for 1 item, but 0 are in flight (got and not yet done)".to_owned();
    assert_eq!(message(1), none + &advice);
    queue.try_put(1).unwrap();
    queue.try_get().unwrap();
    let one = "task_done was called for 2 items, but 1 is in flight (got and not yet done)".to_owned();
    assert_eq!(message(2), one + &advice);
}

#[test]
fn an_item_in_transit_is_not_in_flight_yet() {
    let queue = queue(4);
    let mut getter = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.task_done().unwrap_err();
    answer(&mut getter).unwrap();
    queue.task_done().unwrap();
}

#[test]
fn join_ends_with_the_last_task_done_and_not_before() {
    let queue = queue(4);
    at_once(queue.join());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let mut joins = [parked(queue.join()), parked(queue.join())];
    assert_eq!(queue.drain(), [1, 2]);
    queue.task_done().unwrap();
    assert!(joins.iter_mut().all(|join| !join.is_woken() && join.poll().is_pending()));
    queue.task_done().unwrap();
    assert!(joins.iter().all(queue_core::testing::ByHand::is_woken));
    joins.iter_mut().for_each(answer);
}

#[test]
fn an_item_that_the_queue_let_go_counts_as_finished() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let queue = overflowing(2, overflow);
        (0..5).for_each(|item| queue.try_put(item).unwrap());
        assert_eq!(queue.stats().unfinished, 2);
        assert_eq!(queue.drain().len(), 2);
        drop(parked(queue.join()));
        queue.task_done_many(2).unwrap();
        at_once(queue.join());
        assert_conserved(&queue.stats());
    }
}

#[test]
fn an_immediate_shutdown_releases_join_when_nothing_is_in_flight() {
    let queue = queue(4);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    let mut join = parked(queue.join());
    queue.shutdown(Shutdown::Immediate);
    assert!(join.is_woken());
    answer(&mut join);
}

#[test]
fn a_rejected_item_is_nothing_to_wait_for() {
    let queue = overflowing(1, Overflow::Reject);
    queue.try_put(1).unwrap();
    assert_eq!(at_once(queue.put(2)).unwrap_err().into_inner(), 2);
    let stats = queue.stats();
    assert_eq!((stats.unfinished, stats.totals.rejected, stats.totals.put), (1, 1, 1));
}

#[test]
fn a_delivery_that_is_done_counts_as_ok() {
    let (queue, delivery) = delivered();
    let join = parked(queue.join());
    delivery.done();
    assert!(join.is_woken());
    assert_eq!(outcomes(&queue), [1, 0, 0]);
}

#[test]
fn a_delivery_that_failed_counts_as_failed() {
    let (queue, delivery) = delivered();
    let join = parked(queue.join());
    delivery.fail();
    assert!(join.is_woken());
    assert_eq!(outcomes(&queue), [0, 1, 0]);
}

#[test]
fn a_delivery_that_is_dropped_counts_as_abandoned() {
    let (queue, delivery) = delivered();
    let join = parked(queue.join());
    drop(delivery);
    assert!(join.is_woken());
    assert_eq!(outcomes(&queue), [0, 0, 1]);
}

#[test]
fn a_delivery_that_is_dropped_by_a_panic_counts_as_failed() {
    let (queue, delivery) = delivered();
    let join = parked(queue.join());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _held = delivery;
        panic!("while it is processed");
    }));
    assert!(panicked.is_err() && join.is_woken());
    assert_eq!(outcomes(&queue), [0, 1, 0]);
}

#[test]
fn an_item_taken_out_of_its_delivery_is_finished_by_hand() {
    let (queue, delivery) = delivered();
    assert_eq!(delivery.into_inner(), 7);
    assert_eq!((outcomes(&queue), queue.stats().in_flight), ([0, 0, 0], 1));
    drop(parked(queue.join()));
    queue.task_done().unwrap();
    at_once(queue.join());
}

#[test]
fn a_delivery_lends_its_item() {
    let (_queue, mut delivery) = delivered();
    *delivery += 1;
    assert_eq!((*delivery, format!("{delivery:?}").as_str()), (8, "Delivery(8)"));
}

#[tokio::test]
async fn a_task_that_is_aborted_abandons_its_delivery() {
    let queue = queue(4);
    queue.put(1).await.unwrap();
    let worker = tokio::spawn({
        let queue = queue.clone();
        async move {
            let _delivery = queue.receive().await.unwrap();
            std::future::pending::<()>().await;
        }
    });
    while queue.stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    worker.abort();
    worker.await.unwrap_err();
    queue.join().await;
    assert_eq!(outcomes(&queue), [0, 0, 1]);
}

#[test]
fn a_thread_can_join() {
    without_deadlock(|| {
        let queue = queue(4);
        queue.try_put(1).unwrap();
        let joiner = thread::spawn({
            let queue = queue.clone();
            move || {
                queue.blocking_join();
                queue.stats().unfinished
            }
        });
        let delivery = at_once(queue.receive()).unwrap();
        delivery.done();
        assert_eq!(joiner.join().unwrap(), 0);
    });
}

#[test]
fn joiners_of_a_busy_queue_see_it_finished() {
    without_deadlock(|| {
        for _ in 0..50 {
            let queue = queue(3);
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    let queue = queue.clone();
                    thread::spawn(move || {
                        while queue.blocking_get().is_ok() {
                            queue.task_done().unwrap();
                        }
                    })
                })
                .collect();
            (0..100).for_each(|item| queue.blocking_put(item).unwrap());
            queue.blocking_join();
            let stats = queue.stats();
            assert_eq!((stats.unfinished, stats.totals.done_ok), (0, 100));
            queue.shutdown(Shutdown::Drain);
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        }
    });
}
