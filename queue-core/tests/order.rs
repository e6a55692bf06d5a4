//! Law 3: the order of items, and the order in which those who wait are served.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::thread;
use std::time::Duration;

use queue_core::{Fifo, GetError, Kind, Lifo, LifoQueue, Priority, PriorityQueue, PutError, Queue, QueueOf, Shutdown};
use support::{answer, at_once, parked, queue, without_deadlock};

fn of_kind<K: Kind<(u8, u32)> + 'static>() -> QueueOf<(u8, u32), K>
where
    K::Buffer: Send,
{
    QueueOf::builder("test").unbounded().unregistered().build().unwrap()
}

#[test]
fn each_kind_of_queue_has_its_order() {
    fn check<K: Kind<(u8, u32)> + 'static>(expected: &[u32])
    where
        K::Buffer: Send,
    {
        let queue = of_kind::<K>();
        for (place, urgency) in (0..).zip([5, 1, 3, 1, 5]) {
            queue.try_put((urgency, place)).unwrap();
        }
        let order: Vec<_> = queue.drain().into_iter().map(|(_, place)| place).collect();
        assert_eq!(order, expected);
    }
    check::<Fifo>(&[0, 1, 2, 3, 4]);
    check::<Lifo>(&[4, 3, 2, 1, 0]);
    check::<Priority>(&[1, 3, 2, 0, 4]);
}

/// Compared by its urgency alone, so that equals can be told apart.
#[derive(Clone, Copy, Debug)]
struct Job(u8, u32);

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

#[test]
fn equals_leave_a_priority_queue_in_put_order() {
    let queue = PriorityQueue::<Job>::builder("test").unbounded().unregistered().build().unwrap();
    let mut random = support::Random(7);
    for place in 0..1_000 {
        queue.try_put(Job(random.below(5) as u8, place)).unwrap();
    }
    let order: Vec<_> = queue.drain().into_iter().map(|job| (job.0, job.1)).collect();
    assert_eq!(order.len(), 1_000);
    assert!(order.is_sorted(), "by urgency, then by put order");
}

#[test]
fn an_equal_that_comes_back_keeps_its_place_among_equals() {
    let queue = PriorityQueue::<Job>::builder("test").unbounded().unregistered().build().unwrap();
    let getter = parked(queue.get());
    (0..3).for_each(|place| queue.try_put(Job(1, place)).unwrap());
    drop(getter);
    let order: Vec<_> = queue.drain().into_iter().map(|job| job.1).collect();
    assert_eq!(order, [0, 1, 2]);
}

#[test]
fn a_returned_item_is_before_later_ones() {
    let queue = queue(4);
    let getter = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    drop(getter);
    assert_eq!(queue.drain(), [1, 2]);
}

#[test]
fn returned_items_are_in_put_order_whoever_returns_first() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let queue = queue(8);
        let mut getters: Vec<_> = (0..3).map(|_| Some(parked(queue.get()))).collect();
        (0..5).for_each(|item| queue.try_put(item).unwrap());
        for i in order {
            drop(getters[i].take());
        }
        assert_eq!(queue.drain(), [0, 1, 2, 3, 4], "returned in the order {order:?}");
    }
}

#[test]
fn a_stack_has_a_returned_item_under_later_ones() {
    let stack = LifoQueue::<u32>::builder("test").capacity(4).unregistered().build().unwrap();
    let getter = parked(stack.get());
    (1..=3).for_each(|item| stack.try_put(item).unwrap());
    drop(getter);
    assert_eq!(stack.drain(), [3, 2, 1]);
}

#[test]
fn getters_are_served_in_the_order_of_their_arrival() {
    let queue = queue(8);
    let mut getters: Vec<_> = (0..5).map(|_| parked(queue.get())).collect();
    // One who leaves from the middle takes nobody's turn.
    drop(getters.remove(2));
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    let got: Vec<_> = getters.iter_mut().rev().map(|getter| answer(getter).unwrap()).collect();
    assert_eq!(got, [3, 2, 1, 0]);
}

#[test]
fn polling_again_does_not_lose_a_place_in_line() {
    let queue = queue(8);
    let (mut first, mut second) = (parked(queue.get()), parked(queue.get()));
    assert!(first.poll_from_another_task().is_pending());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    assert_eq!((answer(&mut second), answer(&mut first)), (Ok(2), Ok(1)));
}

#[test]
fn putters_are_served_in_the_order_of_their_arrival() {
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let mut putters: Vec<_> = (1..=4).map(|item| parked(queue.put(item))).collect();
    for item in 0..4 {
        assert_eq!(queue.try_get(), Ok(item));
        let woken: Vec<_> = putters.iter().map(queue_core::testing::ByHand::is_woken).collect();
        assert_eq!(woken.iter().position(|woken| *woken), Some(0), "the first in line");
        assert_eq!(woken.iter().filter(|woken| **woken).count(), 1, "and nobody else");
        assert_eq!(answer(&mut putters.remove(0)), Ok(()));
    }
    assert_eq!(queue.drain(), [4]);
}

#[test]
fn a_try_put_does_not_take_the_slot_of_a_waiting_putter() {
    let queue = queue(1);
    queue.try_put(1).unwrap();
    let mut putter = parked(queue.put(2));
    assert_eq!(queue.try_get(), Ok(1));
    assert_eq!(queue.try_put(3), Err(PutError::Full(3)));
    assert!(queue.is_full(), "the slot is the putter's");
    let mut late = parked(queue.put(4));
    assert_eq!(answer(&mut putter), Ok(()));
    assert_eq!(queue.try_get(), Ok(2));
    assert_eq!(answer(&mut late), Ok(()));
}

#[test]
fn a_try_get_does_not_take_the_item_of_a_waiting_getter() {
    let queue = queue(1);
    let mut getter = parked(queue.get());
    for item in 0..100 {
        at_once(queue.put(item)).unwrap();
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        assert_eq!(answer(&mut getter), Ok(item));
        getter = parked(queue.get());
    }
}

#[test]
fn a_batch_that_was_overtaken_once_keeps_the_head_of_the_line() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(2, Duration::ZERO));
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1), "it claims nothing, so it can be overtaken");
    queue.try_put(2).unwrap();
    assert_eq!(queue.try_get(), Err(GetError::Empty), "once");
    let mut getter = parked(queue.get());
    (3..=5).for_each(|item| queue.try_put(item).unwrap());
    assert!(getter.poll().is_pending());
    assert_eq!(answer(&mut batch), Ok(vec![2, 3]));
    assert!(getter.is_woken());
    assert_eq!(answer(&mut getter), Ok(4), "who stood behind has what is left");
    assert_eq!(queue.drain(), [5]);
}

#[test]
fn a_batch_that_keeps_the_head_of_the_line_and_is_dropped_lets_the_others_on() {
    let queue = queue(8);
    let batch = parked(queue.get_batch(2, Duration::ZERO));
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1));
    let mut getters = [parked(queue.get()), parked(queue.get())];
    (2..=4).for_each(|item| queue.try_put(item).unwrap());
    drop(batch);
    assert_eq!(getters.each_mut().map(answer), [Ok(2), Ok(3)]);
    assert_eq!(queue.drain(), [4]);
}

#[test]
fn getters_that_arrive_later_do_not_overtake_a_waiting_batch_for_ever() {
    let queue = queue(8);
    let mut batch = parked(queue.get_batch(2, Duration::ZERO));
    for item in 0..3 {
        let mut getter = parked(queue.get());
        queue.try_put(item).unwrap();
        if batch.is_woken() {
            assert_eq!(answer(&mut batch), Ok(vec![item]));
            return;
        }
        assert_eq!(answer(&mut getter), Ok(item));
    }
    panic!("a batch that waits first is overtaken by every getter that comes later");
}

#[test]
fn batches_are_served_in_the_order_of_their_arrival() {
    let queue = queue(8);
    let (mut first, mut second) =
        (parked(queue.get_batch(2, Duration::ZERO)), parked(queue.get_batch(2, Duration::ZERO)));
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    assert!(second.poll().is_pending());
    assert_eq!(answer(&mut first), Ok(vec![0, 1]));
    assert!(second.is_woken());
    assert_eq!(answer(&mut second), Ok(vec![2]));
}

#[test]
fn a_batch_that_leaves_lets_one_getter_past_the_next_batch_and_no_more() {
    let queue = queue(8);
    let [mut first, mut second] = [(); 2].map(|()| parked(queue.get_batch(2, Duration::ZERO)));
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1), "from here on the head is held for the first");
    let mut getters: Vec<_> = (0..3).map(|_| parked(queue.get())).collect();
    (2..=7).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(answer(&mut first), Ok(vec![2, 3]));
    let served = getters.iter().filter(|getter| getter.is_woken()).count();
    assert_eq!((served, second.is_woken()), (1, true), "the getters came after the second batch");
    assert_eq!(answer(&mut second), Ok(vec![5, 6]));
    let got: Vec<_> = getters[..2].iter_mut().map(answer).collect();
    assert_eq!((got, getters[2].is_woken()), (vec![Ok(4), Ok(7)], false));
}

#[test]
fn each_producer_is_first_in_first_out_for_each_getter() {
    const PRODUCERS: u32 = 3;
    const ITEMS: u32 = 4_000;
    without_deadlock(|| {
        let queue = Queue::<(u32, u32)>::builder("test").capacity(3).unregistered().build().unwrap();
        let consumers: Vec<_> = (0..3)
            .map(|_| {
                let queue = queue.clone();
                thread::spawn(move || std::iter::from_fn(|| queue.blocking_get().ok()).collect::<Vec<_>>())
            })
            .collect();
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let queue = queue.clone();
                thread::spawn(move || (0..ITEMS).for_each(|n| queue.blocking_put((producer, n)).unwrap()))
            })
            .collect();
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        queue.shutdown(Shutdown::Drain);
        let got: Vec<Vec<_>> = consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect();
        assert_eq!(got.iter().map(Vec::len).sum::<usize>(), (PRODUCERS * ITEMS) as usize);
        for items in got {
            for producer in 0..PRODUCERS {
                assert!(items.iter().filter(|item| item.0 == producer).is_sorted(), "producer {producer}");
            }
        }
    });
}
