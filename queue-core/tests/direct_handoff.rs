//! An item put while a getter waits is that getter's: it goes into its hands and not through the buffer.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::thread;
use std::time::Duration;

use queue_core::testing::ByHand;
use queue_core::{GetError, LifoQueue, PriorityQueue};
use support::{answer, assert_conserved, at_once, parked, queue, until};

#[test]
fn nobody_can_steal_an_item_that_was_put_for_a_waiting_getter() {
    let queue = queue(4);
    let mut getter = parked(queue.get());
    queue.try_put(1).unwrap();
    assert!(getter.is_woken());
    assert_eq!(queue.try_get(), Err(GetError::Empty));
    assert_eq!(queue.drain(), []);
    let mut late = parked(queue.get());
    assert_eq!(answer(&mut getter), Ok(1));
    assert!(!late.is_woken() && late.poll().is_pending());
}

#[test]
fn an_item_that_is_handed_over_is_never_buffered() {
    let queue = queue(1);
    let mut getters: Vec<_> = (0..3).map(|_| parked(queue.get())).collect();
    for item in 0..3 {
        queue.try_put(item).unwrap();
        let stats = queue.stats();
        assert_eq!((queue.len(), stats.depth, stats.in_transit), (0, 0, item as usize + 1));
        assert!(queue.is_empty() && !queue.is_full());
        assert_conserved(&stats);
    }
    let got: Vec<_> = getters.iter_mut().map(|getter| answer(getter).unwrap()).collect();
    assert_eq!(got, [0, 1, 2]);
    assert_eq!(queue.stats().depth_peak, 0);
}

#[test]
fn a_handover_counts_when_its_getter_returns() {
    let queue = queue(4);
    let mut getter = parked(queue.get());
    queue.try_put(1).unwrap();
    let totals = queue.stats().totals;
    assert_eq!((totals.put, totals.got, totals.handed_off), (1, 0, 0));
    assert_eq!(answer(&mut getter), Ok(1));
    let stats = queue.stats();
    assert_eq!((stats.totals.put, stats.totals.got, stats.totals.handed_off, stats.in_transit), (1, 1, 1, 0));
}

#[test]
fn the_share_of_handovers_is_exact() {
    let queue = queue(4);
    for item in 0..40 {
        if item % 4 == 0 {
            let mut getter = parked(queue.get());
            queue.try_put(item).unwrap();
            assert_eq!(answer(&mut getter), Ok(item));
        } else {
            queue.try_put(item).unwrap();
            assert_eq!(at_once(queue.get()), Ok(item));
        }
    }
    let totals = queue.stats().totals;
    assert_eq!((totals.got, totals.handed_off), (40, 10));
}

#[test]
fn a_getter_dropped_with_an_item_hands_it_to_the_next() {
    let queue = queue(4);
    let first = parked(queue.get());
    let mut second = parked(queue.get());
    queue.try_put(1).unwrap();
    drop(first);
    assert!(second.is_woken());
    assert_eq!((queue.len(), queue.stats().in_transit), (0, 1));
    assert_eq!(answer(&mut second), Ok(1));
    assert_eq!(queue.stats().totals.handed_off, 1);
}

#[test]
fn every_putting_verb_hands_over() {
    let queue = queue(4);
    let verbs: [&dyn Fn(u32); 5] = [
        &|item| queue.try_put(item).unwrap(),
        &|item| at_once(queue.put(item)).unwrap(),
        &|item| at_once(queue.put_timeout(item, Duration::ZERO)).unwrap(),
        &|item| queue.blocking_put(item).unwrap(),
        &|item| queue.blocking_put_timeout(item, Duration::ZERO).unwrap(),
    ];
    for (item, put) in (0..).zip(verbs) {
        let mut getter = parked(queue.get());
        put(item);
        assert_eq!(queue.len(), 0);
        assert_eq!(answer(&mut getter), Ok(item));
    }
    assert_eq!(queue.stats().totals.handed_off, 5);
}

#[test]
fn every_waiting_getter_takes_a_handover() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timers = runtime.enter();
    let queue = queue(4);
    let mut timed = parked(queue.get_timeout(Duration::from_secs(1)));
    let mut received = parked(queue.receive());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    assert_eq!(queue.len(), 0);
    assert_eq!(answer(&mut timed), Ok(1));
    assert_eq!(*answer(&mut received).unwrap(), 2);
    assert_eq!(queue.stats().totals.handed_off, 2);
}

#[test]
fn a_waiting_thread_is_handed_the_item_too() {
    let queue = queue(4);
    let getter = thread::spawn({
        let queue = queue.clone();
        move || queue.blocking_get()
    });
    until(|| queue.stats().waiting_getters == 1);
    queue.try_put(7).unwrap();
    assert_eq!(queue.try_get(), Err(GetError::Empty));
    assert_eq!(getter.join().unwrap(), Ok(7));
    assert_eq!(queue.stats().totals.handed_off, 1);
}

#[test]
fn a_putter_that_comes_for_its_slot_serves_a_waiting_getter() {
    let queue = queue(1);
    queue.try_put(1).unwrap();
    let mut putter = parked(queue.put(2));
    assert_eq!(queue.try_get(), Ok(1));
    let mut getter = parked(queue.get());
    assert_eq!(answer(&mut putter), Ok(()));
    assert_eq!(queue.len(), 0);
    assert_eq!(answer(&mut getter), Ok(2));
}

#[test]
fn the_slot_of_a_handover_goes_to_the_next_putter() {
    let queue = queue(1);
    queue.try_put(1).unwrap();
    let mut first = parked(queue.put(2));
    let mut second = parked(queue.put(3));
    assert_eq!(queue.try_get(), Ok(1));
    let mut getter = parked(queue.get());
    assert_eq!(answer(&mut first), Ok(()));
    assert!(second.is_woken(), "the first took no slot, so there is room");
    assert_eq!(answer(&mut second), Ok(()));
    assert_eq!(answer(&mut getter), Ok(2));
    assert_eq!(queue.drain(), [3]);
}

#[test]
fn stacks_and_priority_queues_hand_over_as_well() {
    let stack = LifoQueue::<u32>::builder("test").capacity(2).unregistered().build().unwrap();
    let mut getter = parked(stack.get());
    (1..=3).for_each(|item| stack.try_put(item).unwrap());
    assert_eq!((answer(&mut getter), stack.drain()), (Ok(1), vec![3, 2]));

    let sorted = PriorityQueue::<u32>::builder("test").capacity(2).unregistered().build().unwrap();
    let mut getter = parked(sorted.get());
    (1..=3).rev().for_each(|item| sorted.try_put(item).unwrap());
    assert_eq!((answer(&mut getter), sorted.drain()), (Ok(3), vec![1, 2]));
}

#[test]
fn who_has_not_been_polled_does_not_wait() {
    let queue = queue(1);
    let mut unpolled = ByHand::new(queue.get());
    queue.try_put(1).unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!(answer(&mut unpolled), Ok(1));
    assert_eq!(queue.stats().totals.handed_off, 0);
}
