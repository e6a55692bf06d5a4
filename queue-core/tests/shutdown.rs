//! Law 5: shutting down, by drain, at once, and with the last handle.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use queue_core::testing::ByHand;
use queue_core::{DropReason, GetError, ItemSampling, PutError, Queue, Registry, Shutdown};
use support::{answer, assert_conserved, at_once, parked, queue, without_deadlock};

const HOWS: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Immediate];

type LetGo = Arc<Mutex<Vec<(u32, DropReason)>>>;

/// A queue, and what it lets go of.
fn watched(capacity: usize) -> (Queue<u32>, LetGo) {
    let gone = LetGo::default();
    let hook = Arc::clone(&gone);
    let queue = Queue::<u32>::builder("test")
        .capacity(capacity)
        .on_drop(move |item, reason| hook.lock().unwrap().push((item, reason)))
        .unregistered()
        .build()
        .unwrap();
    (queue, gone)
}

fn let_go(gone: &LetGo) -> Vec<(u32, DropReason)> {
    gone.lock().unwrap().clone()
}

#[test]
fn puts_fail_at_once_with_their_item() {
    for how in HOWS {
        let queue = queue(4);
        queue.shutdown(how);
        assert_eq!(queue.try_put(1), Err(PutError::ShutDown(1)));
        assert_eq!(at_once(queue.put(2)), Err(PutError::ShutDown(2)));
        assert_eq!(at_once(queue.put_timeout(3, Duration::MAX)), Err(PutError::ShutDown(3)));
        assert_eq!(queue.blocking_put(4), Err(PutError::ShutDown(4)));
        let stats = queue.stats();
        assert_eq!((stats.totals.put, stats.totals.rejected), (0, 0));
    }
}

#[test]
fn waiting_putters_are_told_and_keep_their_items() {
    for how in HOWS {
        let queue = queue(1);
        queue.try_put(0).unwrap();
        let mut putters: Vec<_> = (1..=3).map(|item| parked(queue.put(item))).collect();
        queue.shutdown(how);
        assert!(putters.iter().all(ByHand::is_woken));
        let answers: Vec<_> = putters.iter_mut().map(answer).collect();
        assert_eq!(answers, [1, 2, 3].map(|item| Err(PutError::ShutDown(item))));
        assert_eq!(queue.stats().waiting_putters, 0);
    }
}

#[test]
fn a_putter_that_was_granted_a_slot_and_has_not_come_for_it_is_told_too() {
    for how in HOWS {
        let queue = queue(1);
        queue.try_put(1).unwrap();
        let mut putter = parked(queue.put(2));
        assert_eq!(queue.try_get(), Ok(1));
        queue.shutdown(how);
        assert_eq!(answer(&mut putter), Err(PutError::ShutDown(2)));
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    }
}

#[test]
fn waiting_getters_and_batches_are_told() {
    for how in HOWS {
        let queue = queue(1);
        let mut getters = [parked(queue.get()), parked(queue.get())];
        let mut batches = [parked(queue.get_batch(2, Duration::MAX)), parked(queue.get_batch(2, Duration::MAX))];
        queue.shutdown(how);
        assert!(getters.iter().all(ByHand::is_woken) && batches.iter().all(ByHand::is_woken));
        assert_eq!(getters.each_mut().map(answer), [const { Err(GetError::ShutDown) }; 2]);
        assert_eq!(batches.each_mut().map(answer), [const { Err(GetError::ShutDown) }; 2]);
    }
}

#[test]
fn a_drain_delivers_what_is_buffered() {
    let (queue, gone) = watched(4);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    queue.shutdown(Shutdown::Drain);
    assert_eq!(at_once(queue.get()), Ok(0));
    assert_eq!(queue.try_get(), Ok(1));
    assert_eq!(at_once(queue.get_batch(5, Duration::MAX)), Ok(vec![2]));
    assert_eq!(at_once(queue.get()), Err(GetError::ShutDown));
    assert_eq!(let_go(&gone), []);
}

#[test]
fn an_immediate_shutdown_lets_go_of_what_is_buffered_in_order() {
    let (queue, gone) = watched(4);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(let_go(&gone), [0, 1, 2].map(|item| (item, DropReason::ShutDown)));
    let stats = queue.stats();
    assert_eq!((stats.depth, stats.unfinished, stats.totals.dropped_shutdown), (0, 0, 3));
    assert_conserved(&stats);
}

#[test]
fn a_drain_waits_for_what_is_in_transit() {
    let queue = queue(4);
    let mut holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    // It may come back, so nobody knows yet that it is over.
    assert_eq!(queue.try_get(), Err(GetError::Empty));
    let mut other = parked(queue.get());
    assert_eq!(answer(&mut holder), Ok(1));
    assert!(other.is_woken());
    assert_eq!(answer(&mut other), Err(GetError::ShutDown));
}

#[test]
fn a_drain_is_over_for_all_when_the_last_item_in_transit_is_got_whether_it_has_a_clock_or_not() {
    for sampling in [ItemSampling::Off, ItemSampling::All] {
        let queue: Queue<u32> =
            Queue::builder("test").capacity(4).sample_items(sampling).unregistered().build().unwrap();
        let mut holder = parked(queue.get());
        queue.try_put(1).unwrap();
        queue.shutdown(Shutdown::Drain);
        let mut other = parked(queue.get());
        assert_eq!(answer(&mut holder), Ok(1));
        assert!(other.is_woken(), "nothing comes any more, and nobody says so: {sampling:?}");
        assert_eq!(answer(&mut other), Err(GetError::ShutDown));
    }
}

#[test]
fn an_item_that_comes_back_while_draining_is_delivered() {
    let queue = queue(4);
    let holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    let mut other = parked(queue.get());
    drop(holder);
    assert!(other.is_woken());
    assert_eq!(answer(&mut other), Ok(1));
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
}

#[test]
fn an_item_that_comes_back_while_draining_reaches_a_waiting_batch() {
    let queue = queue(4);
    let holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    let mut batch = parked(queue.get_batch(3, Duration::MAX));
    drop(holder);
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Ok(vec![1]));
}

#[test]
fn a_getter_keeps_the_item_it_holds_when_the_queue_ends_at_once() {
    let (queue, gone) = watched(4);
    let mut holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(queue.stats().unfinished, 1);
    assert_eq!(answer(&mut holder), Ok(1));
    assert_eq!(let_go(&gone), []);
}

#[test]
fn a_getter_dropped_with_an_item_after_the_end_lets_it_go() {
    let (queue, gone) = watched(4);
    let holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Immediate);
    let mut join = parked(queue.join());
    drop(holder);
    assert_eq!(let_go(&gone), [(1, DropReason::ShutDown)]);
    assert!(join.is_woken());
    answer(&mut join);
    let stats = queue.stats();
    assert_eq!((stats.in_transit, stats.totals.dropped_shutdown), (0, 1));
    assert_conserved(&stats);
}

#[test]
fn immediate_after_drain_ends_it() {
    let (queue, gone) = watched(4);
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(let_go(&gone), [(1, DropReason::ShutDown)]);
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    queue.shutdown(Shutdown::Drain);
    assert_eq!(queue.try_get(), Err(GetError::ShutDown), "there is no way back");
}

#[test]
fn immediate_after_drain_ends_the_wait_for_what_is_in_transit() {
    let queue = queue(4);
    let mut holder = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    let mut other = parked(queue.get());
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(answer(&mut other), Err(GetError::ShutDown));
    assert_eq!(answer(&mut holder), Ok(1));
}

#[test]
fn no_batch_waits_for_ever_when_another_getter_took_the_last_item_of_a_drain() {
    let queue = queue(4);
    let mut batches: Vec<_> = (0..3).map(|_| parked(queue.get_batch(2, Duration::ZERO))).collect();
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    assert_eq!(queue.try_get(), Ok(1));
    while let Some(woken) = batches.iter().position(ByHand::is_woken) {
        assert_eq!(answer(&mut batches.remove(woken)), Err(GetError::ShutDown));
    }
    assert_eq!(batches.len(), 0, "batches wait for a queue that is over");
}

#[test]
fn until_shut_down_ends_with_either_shutdown_and_not_before() {
    for how in HOWS {
        let queue = queue(4);
        let mut watchers = [parked(queue.until_shut_down()), parked(queue.until_shut_down())];
        queue.try_put(1).unwrap();
        assert!(!queue.is_shut_down() && watchers[0].poll().is_pending());
        queue.shutdown(how);
        assert!(queue.is_shut_down() && watchers.iter().all(ByHand::is_woken));
        watchers.iter_mut().for_each(answer);
        at_once(queue.until_shut_down());
    }
}

#[test]
fn join_after_a_drain_waits_until_all_of_it_is_done() {
    let queue = queue(4);
    (0..2).for_each(|item| queue.try_put(item).unwrap());
    queue.shutdown(Shutdown::Drain);
    let mut join = parked(queue.join());
    assert_eq!(queue.drain(), [0, 1]);
    assert!(join.poll().is_pending());
    queue.task_done_many(2).unwrap();
    answer(&mut join);
}

#[test]
fn join_after_the_end_waits_for_what_is_in_flight() {
    let queue = queue(4);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(queue.try_get(), Ok(0));
    let mut join = parked(queue.join());
    queue.shutdown(Shutdown::Immediate);
    assert!(join.poll().is_pending());
    queue.task_done().unwrap();
    assert!(join.is_woken());
    answer(&mut join);
}

#[test]
fn the_last_handle_lets_go_of_what_is_buffered() {
    let (queue, gone) = watched(4);
    (0..2).for_each(|item| queue.try_put(item).unwrap());
    let other = queue.clone();
    drop(queue);
    assert_eq!((let_go(&gone), other.len()), (vec![], 2));
    drop(other);
    assert_eq!(let_go(&gone), [0, 1].map(|item| (item, DropReason::ShutDown)));
}

#[test]
fn futures_that_were_leaked_do_not_keep_a_queue_from_ending() {
    let (queue, gone) = watched(1);
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1));
    std::mem::forget((
        parked(queue.get_batch(1, Duration::ZERO)),
        parked(queue.get()),
        parked(queue.until_shut_down()),
    ));
    queue.try_put(2).unwrap();
    // Unfinished for ever: nobody calls task_done.
    std::mem::forget(parked(queue.join()));
    drop(queue);
    assert_eq!(let_go(&gone), []);
}

#[test]
fn a_future_that_was_leaked_does_not_keep_a_registered_queue_from_ending() {
    let registry = Registry::new();
    let queue = Queue::<u32>::builder("orders").capacity(1).registry(&registry).build().unwrap();
    std::mem::forget(parked(queue.until_shut_down()));
    drop(queue);
    assert_eq!(registry.get("orders").unwrap().instances, 0);
}

#[test]
fn a_delivery_that_outlives_the_queue_is_finished_and_counted() {
    let registry = Registry::new();
    let queue = Queue::builder("orders").capacity(4).registry(&registry).build().unwrap();
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    drop(queue);
    let family = registry.get("orders").unwrap();
    assert_eq!((family.instances, family.totals.got, family.totals.done()), (0, 1, 0));
    delivery.done();
    let family = registry.get("orders").unwrap();
    assert_eq!((family.totals.done_ok, family.totals.dropped_shutdown), (1, 1));
}

#[test]
fn shutdown_against_put_get_and_task_done_has_a_defined_result() {
    without_deadlock(|| {
        for round in 0..300 {
            let queue = queue(2);
            let how = HOWS[round % 2];
            let putter = thread::spawn({
                let queue = queue.clone();
                move || (0..50).take_while(|item| queue.blocking_put(*item).is_ok()).count() as u64
            });
            let getter = thread::spawn({
                let queue = queue.clone();
                move || {
                    let mut got = 0;
                    while queue.blocking_get().is_ok() {
                        got += 1;
                        queue.task_done().unwrap();
                    }
                    got
                }
            });
            (0..round % 7).for_each(|_| thread::yield_now());
            queue.shutdown(how);
            let (put, got): (u64, u64) = (putter.join().unwrap(), getter.join().unwrap());
            queue.blocking_join();
            let stats = queue.stats();
            assert_eq!((stats.totals.put, stats.totals.got, stats.totals.done_ok), (put, got, got));
            assert_eq!((stats.depth, stats.unfinished, stats.in_flight), (0, 0, 0));
            assert_conserved(&stats);
            if how == Shutdown::Drain {
                assert_eq!(put, got, "a drain delivers all");
            }
        }
    });
}
