//! Permits: room first, the item later.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::{Arc, Mutex};

use queue_core::testing::ByHand;
use queue_core::{DropReason, GetError, LifoQueue, Overflow, PriorityQueue, PutError, Queue, Shutdown};
use support::{answer, assert_conserved, at_once, overflowing, parked, queue};

const ALL: [Overflow; 4] = [Overflow::Wait, Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest];

#[test]
fn a_permit_takes_room_and_no_depth() {
    let queue = queue(2);
    let first = at_once(queue.reserve()).unwrap();
    assert_eq!((queue.len(), queue.is_empty(), queue.is_full()), (0, true, false));
    let second = at_once(queue.reserve()).unwrap();
    assert_eq!((queue.len(), queue.is_empty(), queue.is_full()), (0, true, true));
    let stats = queue.stats();
    assert_eq!((stats.depth, stats.totals.put, stats.unfinished), (0, 0, 0));
    assert_eq!(queue.try_put(7), Err(PutError::Full(7)));
    at_once(queue.join());
    first.put(1).unwrap();
    assert_eq!((queue.len(), queue.is_full()), (1, true));
    drop(second);
    assert_eq!((queue.len(), queue.is_full()), (1, false));
    assert_eq!(queue.drain(), [1]);
    assert_conserved(&queue.stats());
}

#[test]
fn an_unbounded_queue_has_permits_without_end() {
    let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().unwrap();
    let permits: Vec<_> = (0..100).map(|_| at_once(queue.reserve()).unwrap()).collect();
    assert!(!queue.is_full());
    permits.into_iter().zip(0..).for_each(|(permit, item)| permit.put(item).unwrap());
    assert_eq!(queue.drain(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_permit_that_is_dropped_wakes_the_next_and_no_more() {
    let queue = queue(1);
    let permit = at_once(queue.reserve()).unwrap();
    let (mut put, mut reserve) = (parked(queue.put(1)), parked(queue.reserve()));
    drop(permit);
    assert!(put.is_woken() && !reserve.is_woken());
    answer(&mut put).unwrap();
    assert_eq!(queue.try_get(), Ok(1));
    assert!(reserve.is_woken());
    let permit = answer(&mut reserve).unwrap();
    assert!(queue.is_full());
    drop(permit);
    assert!(!queue.is_full());
}

#[test]
fn a_reserve_that_is_dropped_with_its_slot_gives_it_to_the_next() {
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let (first, second, mut third) = (parked(queue.reserve()), parked(queue.reserve()), parked(queue.put(3)));
    queue.try_get().unwrap();
    assert!(first.is_woken() && !second.is_woken());
    drop(second);
    assert!(!third.is_woken(), "one that only waited has nothing to give");
    drop(first);
    assert!(third.is_woken());
    answer(&mut third).unwrap();
    assert_eq!(queue.drain(), [3]);
}

#[test]
fn puts_and_reserves_wait_in_one_line() {
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let mut puts: Vec<_> = [1, 3].map(|item| (item, ByHand::new(queue.put(item)))).into();
    let mut reserves: Vec<_> = [2, 4].map(|item| (item, ByHand::new(queue.reserve()))).into();
    for turn in 0..2 {
        assert!(puts[turn].1.poll().is_pending());
        assert!(reserves[turn].1.poll().is_pending());
    }
    for item in 0..5 {
        assert_eq!(queue.try_get(), Ok(item));
        let woken = puts.iter().filter(|(_, put)| put.is_woken()).map(|(item, _)| *item);
        let woken: Vec<_> =
            woken.chain(reserves.iter().filter(|(_, one)| one.is_woken()).map(|(item, _)| *item)).collect();
        assert_eq!(woken, if item < 4 { vec![item + 1] } else { vec![] });
        assert!(queue.is_full() || item == 4, "nobody else can take a slot that was granted");
        puts.retain_mut(|(item, put)| !woken.contains(item) || answer(put).is_err());
        reserves.retain_mut(|(item, reserve)| !woken.contains(item) || answer(reserve).unwrap().put(*item).is_err());
    }
}

#[test]
fn a_permit_hands_its_item_to_a_getter_that_waits_and_its_slot_to_the_next_putter() {
    let queue = queue(1);
    let permit = at_once(queue.reserve()).unwrap();
    let mut getter = parked(queue.get());
    let mut put = parked(queue.put(2));
    permit.put(1).unwrap();
    assert!(getter.is_woken() && put.is_woken());
    answer(&mut put).unwrap();
    assert_eq!((answer(&mut getter), queue.drain()), (Ok(1), vec![2]));
    assert_eq!(queue.stats().totals.handed_off, 1);
}

#[test]
fn a_permit_after_a_shutdown_gives_its_item_back() {
    for how in [Shutdown::Drain, Shutdown::Immediate] {
        let queue = queue(3);
        let (first, second) = (at_once(queue.reserve()).unwrap(), at_once(queue.reserve()).unwrap());
        queue.try_put(1).unwrap();
        let mut waiting = parked(queue.reserve());
        queue.shutdown(how);
        assert_eq!(answer(&mut waiting).unwrap_err(), PutError::ShutDown(()), "{how:?}");
        assert_eq!(at_once(queue.reserve()).unwrap_err(), PutError::ShutDown(()), "{how:?}");
        assert_eq!(first.put(2), Err(PutError::ShutDown(2)), "{how:?}");
        drop(second);
        assert_eq!(queue.drain().len(), usize::from(how == Shutdown::Drain));
        assert_eq!(at_once(queue.get()), Err(GetError::ShutDown), "no permit is waited for");
        assert_conserved(&queue.stats());
    }
}

#[test]
fn a_slot_that_was_granted_before_a_shutdown_is_a_permit_that_gives_back() {
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let mut reserve = parked(queue.reserve());
    queue.try_get().unwrap();
    queue.shutdown(Shutdown::Drain);
    let put = answer(&mut reserve).and_then(|permit| permit.put(1).map_err(|_| PutError::ShutDown(())));
    assert_eq!(put, Err(PutError::ShutDown(())));
}

#[test]
fn reserve_waits_whatever_the_overflow() {
    for overflow in ALL {
        let queue = overflowing(1, overflow);
        queue.try_put(0).unwrap();
        let mut reserve = parked(queue.reserve());
        assert_eq!(queue.try_get(), Ok(0), "{overflow:?}: nothing was let go for it");
        let permit = answer(&mut reserve).unwrap();
        assert!(queue.is_full());
        permit.put(1).unwrap();
        assert_eq!(queue.drain(), [1]);
        assert_eq!((queue.stats().totals.dropped(), queue.stats().totals.rejected), (0, 0), "{overflow:?}");
    }
}

#[test]
fn permits_that_hold_every_slot_let_the_new_item_go_where_the_oldest_would() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let dropped = Arc::clone(&dropped);
        move |item, reason| dropped.lock().unwrap().push((item, reason))
    };
    let builder = Queue::<u32>::builder("test").capacity(2).overflow(Overflow::DropOldest).unregistered();
    let queue = builder.on_drop(hook).build().unwrap();
    let permits = [at_once(queue.reserve()).unwrap(), at_once(queue.reserve()).unwrap()];
    queue.try_put(7).unwrap();
    at_once(queue.put(8)).unwrap();
    let [first, second] = permits;
    first.put(1).unwrap();
    queue.try_put(9).unwrap();
    second.put(2).unwrap();
    let let_go = [7, 8, 1].map(|item| (item, DropReason::Oldest));
    assert_eq!(*dropped.lock().unwrap(), let_go, "one that is there is let go for the new one");
    assert_eq!(queue.drain(), [9, 2]);
    let stats = queue.stats();
    assert_eq!((stats.totals.put, stats.totals.dropped_oldest, stats.unfinished), (5, 3, 2));
    assert_conserved(&stats);
    queue.task_done_many(2).unwrap();
    at_once(queue.join());
}

#[test]
fn a_permit_keeps_the_queue_open() {
    let ended = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let ended = Arc::clone(&ended);
        move |item, reason| ended.lock().unwrap().push((item, reason))
    };
    let queue = Queue::<u32>::builder("test").capacity(2).unregistered().on_drop(hook).build().unwrap();
    let weak = queue.downgrade();
    let permit = at_once(queue.reserve()).unwrap();
    queue.try_put(1).unwrap();
    drop(queue);
    assert!(weak.upgrade().is_some_and(|queue| !queue.is_shut_down() && queue.len() == 1));
    assert!(ended.lock().unwrap().is_empty());
    permit.put(2).unwrap();
    assert!(weak.upgrade().is_none());
    assert_eq!(*ended.lock().unwrap(), [1, 2].map(|item| (item, DropReason::ShutDown)), "with it the last handle went");
}

#[test]
fn a_permit_puts_in_the_order_of_its_kind_and_of_its_put() {
    let lifo = LifoQueue::<u32>::builder("test").capacity(2).unregistered().build().unwrap();
    let (early, late) = (at_once(lifo.reserve()).unwrap(), at_once(lifo.reserve()).unwrap());
    late.put(1).unwrap();
    early.put(2).unwrap();
    assert_eq!(lifo.drain(), [2, 1]);
    let sorted = PriorityQueue::<u32>::builder("test").capacity(2).unregistered().build().unwrap();
    let permit = at_once(sorted.reserve()).unwrap();
    sorted.try_put(5).unwrap();
    permit.put(3).unwrap();
    assert_eq!(sorted.drain(), [3, 5]);
}

#[test]
fn a_reserve_before_a_grow_is_served_by_it() {
    let queue = queue(1);
    let _held = at_once(queue.reserve()).unwrap();
    let mut waiting = [parked(queue.reserve()), parked(queue.reserve())];
    queue.set_capacity(2).unwrap();
    assert_eq!(waiting.each_ref().map(ByHand::is_woken), [true, false]);
    drop(answer(&mut waiting[0]).unwrap());
    assert!(waiting[1].is_woken());
}
