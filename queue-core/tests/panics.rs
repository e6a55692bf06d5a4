//! Law 6: panics of wakers stop nobody; a panic of a hook or a destructor reaches the caller after the rest was done; a
//! panic of `Ord` leaves the queue as it was.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::cmp::Ordering;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use queue_core::{DropReason, Overflow, PriorityQueue, Queue, Registry, Shutdown};
use support::{answer, assert_conserved, at_once, panic_of, parked, queue};

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker panicked");
    }
}

/// Polls `future` once with a waker that panics.
fn waits_with_panic<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let waker = Waker::from(Arc::new(Panics));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    future
}

#[test]
fn a_waker_that_panics_stops_nobody() {
    let queue = queue(1);
    let (bad, _bad_closer) = (waits_with_panic(queue.get()), waits_with_panic(queue.until_shut_down()));
    let mut getter = parked(queue.get());
    let mut closer = parked(queue.until_shut_down());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    assert_eq!(answer(&mut getter), Ok(2));
    let (_bad_join, mut join) = (waits_with_panic(queue.join()), parked(queue.join()));
    queue.shutdown(Shutdown::Immediate);
    answer(&mut closer);
    drop(bad);
    queue.task_done().unwrap();
    assert!(join.is_woken());
    answer(&mut join);
    assert_conserved(&queue.stats());
}

#[test]
fn a_putter_whose_waker_panics_keeps_its_slot() {
    let queue = queue(1);
    queue.try_put(1).unwrap();
    let (bad, mut next) = (waits_with_panic(queue.put(2)), parked(queue.put(3)));
    assert_eq!(queue.try_get(), Ok(1));
    drop(bad);
    assert!(next.is_woken());
    assert_eq!(answer(&mut next), Ok(()));
    assert_eq!(queue.drain(), [3]);
}

type Seen = Arc<Mutex<Vec<u32>>>;

/// A queue whose hook panics whenever it is given an odd number, and what the hook has seen.
fn with_panicking_hook(overflow: Overflow, registry: &Registry) -> (Queue<u32>, Seen) {
    let seen = Seen::default();
    let hook = {
        let seen = Arc::clone(&seen);
        move |item: u32, _: DropReason| {
            seen.lock().unwrap().push(item);
            assert!(item % 2 == 0, "the hook does not like {item}");
        }
    };
    let builder = Queue::<u32>::builder("test").capacity(4).overflow(overflow).on_drop(hook);
    (builder.registry(registry).build().unwrap(), seen)
}

#[test]
fn a_panic_of_the_hook_reaches_the_caller_after_all_items_were_let_go() {
    let (queue, seen) = with_panicking_hook(Overflow::Wait, &Registry::new());
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    let (mut join, mut getter) = (parked(queue.join()), parked(queue.until_shut_down()));
    assert_eq!(panic_of(|| queue.shutdown(Shutdown::Immediate)).as_deref(), Some("the hook does not like 1"));
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3]);
    answer(&mut join);
    answer(&mut getter);
    let stats = queue.stats();
    assert_eq!((stats.totals.dropped_shutdown, stats.unfinished), (4, 0));
    assert_conserved(&stats);
}

#[test]
fn a_panic_of_the_hook_reaches_the_putter_after_its_put() {
    let (queue, seen) = with_panicking_hook(Overflow::DropOldest, &Registry::new());
    (1..5).for_each(|item| queue.try_put(item).unwrap());
    assert!(panic_of(|| queue.try_put(5).unwrap()).is_some());
    assert!(panic_of(|| at_once(queue.put(6)).unwrap()).is_none());
    assert_eq!((seen.lock().unwrap().clone(), queue.len()), (vec![1, 2], 4));
    assert_conserved(&queue.stats());
    assert_eq!(queue.drain(), [3, 4, 5, 6]);

    let (queue, seen) = with_panicking_hook(Overflow::DropNewest, &Registry::new());
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    assert!(panic_of(|| queue.try_put(5).unwrap()).is_some());
    assert_eq!((seen.lock().unwrap().clone(), queue.drain()), (vec![5], vec![0, 1, 2, 3]));
    assert_conserved(&queue.stats());
}

#[test]
fn a_panic_of_the_hook_reaches_who_drops_a_getter_with_an_item() {
    let (queue, _) = with_panicking_hook(Overflow::Wait, &Registry::new());
    let getter = parked(queue.get());
    queue.try_put(1).unwrap();
    queue.shutdown(Shutdown::Immediate);
    let join = parked(queue.join());
    assert!(panic_of(|| drop(getter)).is_some());
    assert!(join.is_woken());
    assert_conserved(&queue.stats());
}

#[test]
fn a_panic_of_the_hook_reaches_who_drops_the_last_handle_and_the_name_still_adds_up() {
    let registry = Registry::new();
    let (queue, seen) = with_panicking_hook(Overflow::Wait, &registry);
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    assert!(panic_of(|| drop(queue)).is_some());
    assert_eq!(seen.lock().unwrap().len(), 4);
    let family = registry.get("test").unwrap();
    assert_eq!((family.instances, family.totals.dropped_shutdown), (0, 4));
}

#[test]
fn a_last_handle_dropped_by_a_panic_ends_the_queue_and_not_the_process() {
    let registry = Registry::new();
    let (queue, seen) = with_panicking_hook(Overflow::Wait, &registry);
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    let message = panic_of(|| {
        let _held = queue;
        panic!("the first panic");
    });
    assert_eq!(message.as_deref(), Some("the first panic"));
    assert_eq!((seen.lock().unwrap().len(), registry.get("test").unwrap().instances), (4, 0));
}

/// A panic payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a payload panicked");
        }
    }
}

#[test]
fn panics_whose_payloads_panic_leave_nothing_out() {
    let seen = Arc::new(AtomicUsize::new(0));
    let hook = {
        let seen = Arc::clone(&seen);
        move |_: u32, _| {
            seen.fetch_add(1, SeqCst);
            panic_any(Bomb);
        }
    };
    let queue = Queue::<u32>::builder("test").capacity(4).on_drop(hook).unregistered().build().unwrap();
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    let payload = catch_unwind(AssertUnwindSafe(|| queue.shutdown(Shutdown::Immediate))).unwrap_err();
    assert!(payload.is::<Bomb>(), "the first panic is the one that goes on");
    std::mem::forget(payload);
    assert_eq!(seen.load(SeqCst), 4);
}

/// An item that panics when it is dropped, if it is odd.
struct Touchy(u32, Arc<AtomicUsize>);

impl Drop for Touchy {
    fn drop(&mut self) {
        self.1.fetch_add(1, SeqCst);
        assert!(self.0 % 2 == 0 || std::thread::panicking(), "item {} panicked", self.0);
    }
}

#[test]
fn a_panic_of_a_destructor_reaches_the_caller_after_the_rest_was_done() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let touchy = |n| Touchy(n, Arc::clone(&dropped));
    let queue = Queue::<Touchy>::builder("test").capacity(4).unregistered().build().unwrap();
    (0..4).for_each(|n| assert!(queue.try_put(touchy(n)).is_ok()));
    let join = parked(queue.join());
    assert_eq!(panic_of(|| queue.shutdown(Shutdown::Immediate)).as_deref(), Some("item 1 panicked"));
    assert_eq!((dropped.load(SeqCst), join.is_woken()), (4, true));

    let queue = Queue::<Touchy>::builder("test").capacity(1).overflow(Overflow::DropOldest).unregistered();
    let queue = queue.build().unwrap();
    assert!(queue.try_put(touchy(1)).is_ok());
    assert!(panic_of(|| assert!(queue.try_put(touchy(2)).is_ok())).is_some());
    assert_eq!((queue.len(), queue.stats().totals.dropped_oldest), (1, 1), "the new one is in");
    assert_conserved(&queue.stats());
}

#[test]
fn a_destructor_that_panics_in_a_delivery_comes_after_its_finish() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let queue = Queue::<Touchy>::builder("test").capacity(1).unregistered().build().unwrap();
    assert!(queue.try_put(Touchy(1, Arc::clone(&dropped))).is_ok());
    let delivery = at_once(queue.receive()).unwrap();
    assert!(panic_of(|| delivery.done()).is_some());
    let stats = queue.stats();
    assert_eq!((stats.totals.done_ok, stats.unfinished, dropped.load(SeqCst)), (1, 0, 1));
}

/// An item that cannot be compared while its mood is bad.
#[derive(Clone, Debug)]
struct Moody(u32, Arc<AtomicBool>);

impl PartialEq for Moody {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Moody {}
impl PartialOrd for Moody {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Moody {
    fn cmp(&self, other: &Self) -> Ordering {
        assert!(!self.1.load(SeqCst), "cannot be compared");
        self.0.cmp(&other.0)
    }
}

/// A priority queue with these items, their mood, and the items for it.
fn moody(overflow: Overflow, items: &[u32]) -> (PriorityQueue<Moody>, Arc<AtomicBool>, impl Fn(u32) -> Moody) {
    let mood = Arc::new(AtomicBool::new(false));
    let builder = PriorityQueue::<Moody>::builder("test").capacity(items.len()).overflow(overflow).unregistered();
    let queue = builder.build().unwrap();
    let item = {
        let mood = Arc::clone(&mood);
        move |n| Moody(n, Arc::clone(&mood))
    };
    items.iter().for_each(|n| queue.try_put(item(*n)).unwrap());
    (queue, mood, item)
}

fn rest(queue: &PriorityQueue<Moody>) -> Vec<u32> {
    assert_conserved(&queue.stats());
    queue.drain().into_iter().map(|item| item.0).collect()
}

#[test]
fn a_comparison_that_panics_leaves_a_queue_as_it_was() {
    for overflow in [Overflow::Wait, Overflow::DropOldest] {
        let (queue, mood, item) = moody(overflow, &[5, 1, 3]);
        queue.try_get().unwrap();
        if overflow == Overflow::DropOldest {
            queue.try_put(item(4)).unwrap();
        }
        let before = queue.stats();
        mood.store(true, SeqCst);
        assert_eq!(panic_of(|| drop(queue.try_put(item(2)))).as_deref(), Some("cannot be compared"));
        assert!(panic_of(|| drop(at_once(queue.put(item(2))))).is_some());
        mood.store(false, SeqCst);
        let after = queue.stats();
        assert_eq!((&after.totals.put, after.depth), (&before.totals.put, before.depth));
        assert_eq!(after.totals.dropped(), 0);
        queue.try_put(item(2)).unwrap();
        assert_eq!(rest(&queue), if overflow == Overflow::Wait { [2, 3, 5] } else { [2, 3, 4] });
    }
}

#[test]
fn a_putter_that_cannot_be_compared_gives_its_slot_to_the_next() {
    let (queue, mood, item) = moody(Overflow::Wait, &[5, 1]);
    let mut putter = parked(queue.put(item(2)));
    let mut next = parked(queue.put(item(3)));
    mood.store(true, SeqCst);
    assert_eq!(queue.try_get().map(|item| item.0), Ok(1), "taking compares nothing");
    assert!(panic_of(|| drop(putter.poll())).is_some());
    assert!(!next.is_woken(), "the slot is the putter's until it is dropped");
    drop(putter);
    assert!(next.is_woken());
    mood.store(false, SeqCst);
    answer(&mut next).unwrap();
    assert_eq!(rest(&queue), [3, 5]);
}

#[test]
fn an_item_that_comes_back_and_cannot_be_compared_is_the_next() {
    let (queue, mood, item) = moody(Overflow::Wait, &[9, 9, 9]);
    queue.drain();
    let getter = parked(queue.get());
    [1, 5, 3].into_iter().for_each(|n| queue.try_put(item(n)).unwrap());
    mood.store(true, SeqCst);
    assert_eq!(panic_of(|| drop(getter)), None);
    mood.store(false, SeqCst);
    assert_eq!(rest(&queue), [1, 3, 5]);
}
