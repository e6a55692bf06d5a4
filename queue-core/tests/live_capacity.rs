//! The bound changes while the queue lives: by `set_capacity`, and by name through the registry.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use queue_core::testing::{ByHand, PausedClock};
use queue_core::{DropReason, LifoQueue, Overflow, PriorityQueue, PutError, Queue, QueueOf, Registry, Shutdown};
use support::recorder::listed;
use support::{answer, assert_conserved, at_once, overflowing, parked, queue};

const LINGER: Duration = Duration::from_secs(60);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn growing_wakes_as_many_as_fit_in_the_order_of_their_arrival() {
    let queue = queue(2);
    at_once(queue.put_all([0, 1])).unwrap();
    let mut waiting: Vec<_> = (2..8).map(|item| parked(queue.put(item))).collect();
    queue.set_capacity(5).unwrap();
    assert_eq!(waiting.iter().map(ByHand::wakes).collect::<Vec<_>>(), [1, 1, 1, 0, 0, 0]);
    assert!(queue.is_full() && queue.try_put(9).is_err(), "the slots are theirs");
    waiting[..3].iter_mut().for_each(|put| answer(put).unwrap());
    assert_eq!((queue.len(), queue.capacity()), (5, Some(5)));
    queue.set_capacity(5).unwrap();
    assert!(!waiting[3].is_woken(), "no change, no room");
    queue.set_capacity(100).unwrap();
    waiting[3..].iter_mut().for_each(|put| answer(put).unwrap());
    assert_eq!(queue.drain(), (0..8).collect::<Vec<_>>());
}

#[test]
fn growing_wakes_a_thread_that_waits() {
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let putter = thread::spawn({
        let queue = queue.clone();
        move || queue.blocking_put(1)
    });
    support::until(|| queue.stats().waiting_putters == 1);
    queue.set_capacity(2).unwrap();
    putter.join().unwrap().unwrap();
    assert_eq!(queue.drain(), [0, 1]);
}

#[test]
fn a_queue_that_shrank_lets_nothing_in_until_it_is_below_its_bound() {
    for overflow in [Overflow::Wait, Overflow::Reject, Overflow::DropNewest] {
        let queue = overflowing(4, overflow);
        at_once(queue.put_all(0..4)).unwrap();
        let mut waiting = (overflow == Overflow::Wait).then(|| parked(queue.put(9)));
        queue.set_capacity(2).unwrap();
        let stats = queue.stats();
        assert_eq!((stats.depth, stats.capacity, stats.utilization()), (4, Some(2), Some(1.0)), "{overflow:?}");
        assert_eq!(stats.totals.dropped(), 0, "what is there stays");
        for item in 0..2 {
            assert_eq!(queue.try_get(), Ok(item));
            assert!(queue.is_full() && waiting.as_ref().is_none_or(|put| !put.is_woken()), "{overflow:?}");
            assert_eq!(queue.try_put(7).is_err(), overflow != Overflow::DropNewest);
        }
        assert_eq!(queue.try_get(), Ok(2));
        match &mut waiting {
            Some(put) => answer(put).unwrap(),
            None => queue.try_put(9).unwrap(),
        }
        assert_eq!(queue.drain(), [3, 9], "{overflow:?}");
        assert_conserved(&queue.stats());
    }
}

#[test]
fn drop_oldest_lets_go_down_to_the_new_bound() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let dropped = Arc::clone(&dropped);
        move |item: u32, reason| dropped.lock().unwrap().push((item, reason))
    };
    let builder = Queue::<u32>::builder("test").capacity(5).overflow(Overflow::DropOldest).unregistered();
    let queue = builder.on_drop(hook).build().unwrap();
    at_once(queue.put_all(0..5)).unwrap();
    let in_hand = queue.try_get().unwrap();
    let mut join = parked(queue.join());
    queue.set_capacity(1).unwrap();
    assert_eq!(*dropped.lock().unwrap(), [1, 2, 3].map(|item| (item, DropReason::Oldest)));
    let stats = queue.stats();
    assert_eq!((stats.depth, stats.totals.dropped_oldest, stats.unfinished, stats.in_flight), (1, 3, 2, 1));
    assert_conserved(&stats);
    assert_eq!((in_hand, queue.drain()), (0, vec![4]));
    assert!(!join.is_woken());
    queue.task_done_many(2).unwrap();
    answer(&mut join);
}

#[test]
fn what_a_shrink_lets_go_is_finished_for_a_join() {
    let queue = overflowing(3, Overflow::DropOldest);
    at_once(queue.put_all(0..3)).unwrap();
    queue.set_capacity(1).unwrap();
    let mut join = parked(queue.join());
    assert_eq!(queue.drain(), [2]);
    queue.task_done().unwrap();
    answer(&mut join);
    assert_eq!(queue.stats().unfinished, 0, "what was let go is finished");
}

#[test]
fn lifo_lets_go_of_its_bottom_and_priority_of_its_least_urgent() {
    let builder = LifoQueue::<u32>::builder("test").capacity(4).overflow(Overflow::DropOldest);
    let lifo = builder.unregistered().build().unwrap();
    at_once(lifo.put_all([5, 1, 9, 2])).unwrap();
    lifo.set_capacity(2).unwrap();
    assert_eq!(lifo.drain(), [2, 9]);
    let builder = PriorityQueue::<u32>::builder("test").capacity(4).overflow(Overflow::DropOldest);
    let sorted = builder.unregistered().build().unwrap();
    at_once(sorted.put_all([5, 1, 9, 2])).unwrap();
    sorted.set_capacity(2).unwrap();
    assert_eq!(sorted.drain(), [1, 2]);
    assert_conserved(&sorted.stats());
}

#[test]
fn a_hook_that_panics_is_heard_after_the_rest_was_let_go() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let dropped = Arc::clone(&dropped);
        move |item: u32, _| {
            dropped.lock().unwrap().push(item);
            assert_ne!(item, 1, "the hook panicked");
        }
    };
    let builder = Queue::<u32>::builder("test").capacity(5).overflow(Overflow::DropOldest).unregistered();
    let queue = builder.on_drop(hook).build().unwrap();
    at_once(queue.put_all(0..5)).unwrap();
    assert!(support::panic_of(|| queue.set_capacity(1).unwrap()).unwrap().contains("the hook panicked"));
    assert_eq!((dropped.lock().unwrap().clone(), queue.capacity()), (vec![0, 1, 2, 3], Some(1)));
    assert_eq!(queue.drain(), [4]);
}

#[test]
fn an_unbounded_queue_can_be_given_a_bound() {
    for (overflow, left) in [(Overflow::Wait, vec![0, 1, 2]), (Overflow::DropOldest, vec![1, 2])] {
        let builder = Queue::<u32>::builder("test").unbounded().overflow(overflow).unregistered();
        let queue = builder.build().unwrap();
        at_once(queue.put_all(0..3)).unwrap();
        assert_eq!((queue.capacity(), queue.stats().utilization(), queue.is_full()), (None, None, false));
        queue.set_capacity(2).unwrap();
        assert_eq!((queue.capacity(), queue.stats().utilization(), queue.is_full()), (Some(2), Some(1.0), true));
        assert_eq!(queue.drain(), left);
        at_once(queue.put_all([7, 8])).unwrap();
        assert_eq!(queue.try_put(9).is_err(), overflow == Overflow::Wait);
    }
}

#[test]
fn a_bound_of_zero_is_an_error_and_changes_nothing() {
    let queue = queue(2);
    queue.try_put(1).unwrap();
    let error = queue.set_capacity(0).unwrap_err().to_string();
    assert!(error.contains('0') && error.contains('1'), "what happened, and what to do: {error}");
    assert_eq!((queue.capacity(), queue.len()), (Some(2), 1));
    queue.set_capacity(usize::MAX).unwrap();
    assert_eq!(queue.capacity(), Some(usize::MAX));
}

#[test]
fn permits_keep_their_slots_when_a_queue_shrinks() {
    for overflow in [Overflow::Wait, Overflow::DropOldest] {
        let queue = overflowing(4, overflow);
        let permits = [at_once(queue.reserve()).unwrap(), at_once(queue.reserve()).unwrap()];
        queue.set_capacity(1).unwrap();
        assert!(queue.is_full());
        permits.into_iter().zip(1..).for_each(|(permit, item)| permit.put(item).unwrap());
        assert_eq!(queue.drain(), [1, 2], "{overflow:?}: a permit never fails before a shutdown");
        assert_conserved(&queue.stats());
    }
}

#[test]
fn saturation_follows_the_bound() {
    let mut clock = PausedClock::pause();
    let queue = queue(10);
    at_once(queue.put_all(0..4)).unwrap();
    let saturated = || queue.stats().totals.saturated;
    assert_eq!(saturated(), Duration::ZERO);
    clock.advance(seconds(10));
    queue.set_capacity(5).unwrap();
    assert_eq!(saturated(), Duration::ZERO, "what had passed was under the old bound");
    clock.advance(seconds(3));
    queue.set_capacity(6).unwrap();
    assert_eq!(saturated(), seconds(3), "4 of 5");
    clock.advance(seconds(5));
    queue.set_capacity(2).unwrap();
    assert_eq!(saturated(), seconds(3), "4 of 6");
    clock.advance(seconds(1));
    assert_eq!(saturated(), seconds(4), "4 of 2");
}

#[test]
fn the_registrys_bound_wins_over_the_codes_until_it_has_none() {
    let registry = Registry::new();
    let (before, unbounded) = (listed(&registry, 4), Queue::<u32>::builder("free").unbounded().registry(&registry));
    let unbounded = unbounded.build().unwrap();
    let other = Queue::<u32>::builder("other").capacity(4).registry(&registry).build().unwrap();
    registry.set_capacities(|name| (name != "other").then_some(7));
    let after = listed(&registry, 5);
    let capacities = || [&before, &after, &unbounded, &other].map(QueueOf::capacity);
    assert_eq!(capacities(), [Some(7), Some(7), Some(7), Some(4)]);
    [&before, &unbounded, &other].into_iter().for_each(|queue| queue.set_capacity(9).unwrap());
    assert_eq!(capacities(), [Some(7), Some(7), Some(7), Some(9)], "a value for the name wins");
    registry.set_capacities(|name| (name == "free").then_some(0));
    assert_eq!(capacities(), [Some(9), Some(5), Some(9), Some(9)], "the code's, as it was set last; 0 is none");
}

#[test]
fn the_registrys_bound_does_what_set_capacity_does() {
    let registry = Registry::new();
    let queue = listed(&registry, 1);
    let oldest = Queue::<u32>::builder("oldest").capacity(3).overflow(Overflow::DropOldest).registry(&registry);
    let oldest = oldest.build().unwrap();
    queue.try_put(0).unwrap();
    at_once(oldest.put_all(0..3)).unwrap();
    let mut waiting = parked(queue.put(1));
    registry.set_capacities(|_| Some(2));
    answer(&mut waiting).unwrap();
    assert_eq!((queue.drain(), oldest.drain()), (vec![0, 1], vec![1, 2]));
}

#[test]
fn a_batch_that_lingers_is_told_when_the_queue_is_full_by_a_shrink() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timer = runtime.enter();
    let queue = queue(10);
    let mut batch = parked(queue.get_batch(10, LINGER));
    at_once(queue.put_all(0..3)).unwrap();
    assert!(batch.poll().is_pending());
    queue.set_capacity(4).unwrap();
    assert!(batch.poll().is_pending(), "not full");
    queue.set_capacity(3).unwrap();
    assert!(batch.is_woken());
    assert_eq!(answer(&mut batch), Ok(vec![0, 1, 2]));
    // Nothing is there for one that has seen nothing yet.
    let mut batch = parked(queue.get_batch(10, LINGER));
    queue.set_capacity(1).unwrap();
    assert!(batch.poll().is_pending());
    queue.try_put(7).unwrap();
    assert_eq!(answer(&mut batch), Ok(vec![7]), "one is full now");
}

#[test]
fn a_queue_that_was_shut_down_takes_a_new_bound_and_nothing_else() {
    for how in [Shutdown::Drain, Shutdown::Immediate] {
        let queue = queue(2);
        queue.try_put(1).unwrap();
        queue.shutdown(how);
        queue.set_capacity(9).unwrap();
        assert_eq!((queue.capacity(), queue.try_put(2)), (Some(9), Err(PutError::ShutDown(2))));
        assert_conserved(&queue.stats());
    }
}

#[test]
fn bounds_that_change_while_threads_put_and_get_lose_nothing() {
    for overflow in [Overflow::Wait, Overflow::DropOldest] {
        let queue = overflowing(1, overflow);
        let got = thread::scope(|scope| {
            let putters = [0, 1].map(|_| scope.spawn(|| (0..5_000).for_each(|item| queue.blocking_put(item).unwrap())));
            let tuner = scope.spawn(|| (0..2_000).for_each(|round| queue.set_capacity(1 + round % 7).unwrap()));
            let getter = scope.spawn(|| {
                let mut got = 0;
                while queue.blocking_get().is_ok() {
                    got += 1;
                    queue.task_done().unwrap();
                }
                got
            });
            putters.into_iter().for_each(|putter| putter.join().unwrap());
            tuner.join().unwrap();
            queue.shutdown(Shutdown::Drain);
            getter.join().unwrap()
        });
        let stats = queue.stats();
        assert_conserved(&stats);
        assert_eq!((stats.totals.put, stats.totals.got, stats.unfinished), (10_000, got, 0), "{overflow:?}");
    }
}
