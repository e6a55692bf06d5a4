use std::cmp::Ordering;
use std::future::Future;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Scope, ScopedJoinHandle, ThreadId};
use std::time::Duration;

use crate::observe::{Event, Interest, Observer, QueueInfo, Side};
use crate::queue::discipline::Kind;
use crate::queue::{GetError, ItemSampling, PriorityQueue, PutError, Queue, QueueOf, Shutdown};

type Parked<'scope> = ScopedJoinHandle<'scope, Result<(), PutError<u32>>>;

fn full(build: impl FnOnce() -> Queue<u32>) -> Queue<u32> {
    let queue = build();
    queue.try_put(0).expect("there is room");
    queue
}

fn plain() -> Queue<u32> {
    full(|| Queue::builder("test.grant").capacity(1).unregistered().build().expect("it is sound"))
}

/// Ends the queue, so that a test that fails does not wait for its threads.
struct Ends<'a, K: Kind<T>, T>(&'a QueueOf<T, K>);

impl<T, K: Kind<T>> Drop for Ends<'_, K, T> {
    fn drop(&mut self) {
        self.0.shutdown(Shutdown::Immediate);
    }
}

/// A thread that stands in line with this item.
fn in_line<'scope>(scope: &'scope Scope<'scope, '_>, queue: &'scope Queue<u32>, item: u32) -> Parked<'scope> {
    let waiting = queue.stats().waiting_putters;
    let thread = scope.spawn(move || queue.blocking_put(item));
    while queue.stats().waiting_putters == waiting {
        thread::yield_now();
    }
    thread
}

/// Waits until the first in line has left its item there.
fn until_it_is_left(queue: &Queue<u32>) {
    while !queue.shared().visit(|state| state.putters.first_slot().is_some_and(Option::is_some)) {
        thread::yield_now();
    }
}

#[test]
fn whoever_makes_room_takes_in_what_parked_threads_left_and_waits_for_none_of_them() {
    let queue = full(|| {
        Queue::builder("test.grant")
            .capacity(1)
            .sample_items(ItemSampling::All)
            .unregistered()
            .build()
            .expect("it is sound")
    });
    thread::scope(|scope| {
        let _ends = Ends(&queue);
        let threads = [1, 2, 3].map(|item| in_line(scope, &queue, item));
        for item in 0..3 {
            until_it_is_left(&queue);
            assert_eq!(queue.try_get(), Ok(item), "in the order in which they came");
            let (depth, clocks) = queue.shared().visit(|state| (state.stats(1).depth, state.tags.clocks()));
            assert_eq!((depth, clocks), (1, 1), "it is in, with a clock like any other");
        }
        assert_eq!(queue.try_get(), Ok(3));
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().expect("no panic"), Ok(())));
    });
    let totals = queue.stats().totals;
    assert_eq!((totals.put, totals.got), (4, 4));
}

/// Counts the items of which it is told that they came in.
struct Counter(AtomicUsize);

impl Observer for Counter {
    fn interest(&self) -> Interest {
        Interest::ITEMS
    }

    fn on_event(&self, _: &QueueInfo, event: &Event<'_>) {
        if matches!(event, Event::Put { .. }) {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

#[test]
fn a_thread_whose_item_somebody_is_to_be_told_of_puts_it_itself() {
    let counter = Arc::new(Counter(AtomicUsize::new(0)));
    let queue = full(|| {
        let told = Arc::clone(&counter);
        Queue::builder("test.grant").capacity(1).observer(told).unregistered().build().expect("it is sound")
    });
    thread::scope(|scope| {
        let _ends = Ends(&queue);
        let thread = in_line(scope, &queue, 1);
        until_it_is_left(&queue);
        assert_eq!(queue.try_get(), Ok(0));
        assert_eq!(thread.join().expect("no panic"), Ok(()));
        assert_eq!((counter.0.load(Relaxed), queue.try_get()), (2, Ok(1)));
    });
}

/// Remembers which threads compared any.
#[derive(Debug, PartialEq, Eq)]
struct Compared(u32);

static COMPARED_BY: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

impl PartialOrd for Compared {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Compared {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED_BY.lock().expect("no panic").push(thread::current().id());
        self.0.cmp(&other.0)
    }
}

#[test]
fn items_are_compared_by_the_thread_that_puts_them_and_by_no_other() {
    let queue = PriorityQueue::builder("test.grant").capacity(2).unregistered().build().expect("it is sound");
    [5, 7].into_iter().for_each(|item| queue.try_put(Compared(item)).expect("there is room"));
    COMPARED_BY.lock().expect("no panic").clear();
    thread::scope(|scope| {
        let _ends = Ends(&queue);
        let thread = scope.spawn(|| queue.blocking_put(Compared(6)));
        let putter = thread.thread().id();
        while !queue.shared().visit(|state| state.putters.first_slot().is_some_and(Option::is_some)) {
            thread::yield_now();
        }
        assert_eq!(queue.try_get(), Ok(Compared(5)));
        assert_eq!(thread.join().expect("no panic"), Ok(()));
        let compared_by = COMPARED_BY.lock().expect("no panic").clone();
        assert!(!compared_by.is_empty() && compared_by.iter().all(|thread| *thread == putter), "{compared_by:?}");
        assert_eq!(queue.drain(), [Compared(6), Compared(7)]);
    });
}

#[test]
fn an_item_that_was_left_and_not_taken_in_comes_back() {
    let (shut, late) = (plain(), plain());
    thread::scope(|scope| {
        let thread = in_line(scope, &shut, 1);
        until_it_is_left(&shut);
        shut.shutdown(Shutdown::Drain);
        assert_eq!(thread.join().expect("no panic"), Err(PutError::ShutDown(1)));
    });
    assert_eq!(late.blocking_put_timeout(1, Duration::from_millis(2)), Err(PutError::TimedOut(1)));
    assert_eq!((late.try_get(), late.try_get()), (Ok(0), Err(GetError::Empty)));
}

#[test]
fn a_slot_that_comes_back_while_somebody_waits_for_an_item_brings_it_the_one_that_a_thread_left() {
    let queue = plain();
    let mut cx = Context::from_waker(Waker::noop());
    let mut granted = Box::pin(queue.reserve());
    assert!(granted.as_mut().poll(&mut cx).is_pending());
    assert_eq!(queue.try_get(), Ok(0));
    thread::scope(|scope| {
        let _ends = Ends(&queue);
        let thread = in_line(scope, &queue, 1);
        until_it_is_left(&queue);
        let mut get = Box::pin(queue.get());
        assert!(get.as_mut().poll(&mut cx).is_pending(), "the slot is promised, and empty");
        drop(granted);
        assert_eq!(thread.join().expect("no panic"), Ok(()));
        assert_eq!(get.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
    });
}

#[test]
fn who_finds_no_room_comes_after_those_in_line_and_after_who_was_granted_a_slot() {
    let queue = plain();
    let comes_after = || queue.shared().glance().stuck(Some(Side::Put)).behind;
    assert!(!comes_after());
    let mut reserve = Box::pin(queue.reserve());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(reserve.as_mut().poll(&mut cx).is_pending());
    assert!(comes_after(), "somebody stands in line");
    assert_eq!(queue.try_get(), Ok(0));
    assert!(comes_after(), "the slot is promised");
    drop(reserve);
    assert!(!comes_after());
}

#[test]
fn who_finds_no_item_comes_after_those_in_line() {
    let queue = Queue::<u32>::builder("test.grant").capacity(1).unregistered().build().expect("it is sound");
    let comes_after = || queue.shared().glance().stuck(Some(Side::Get)).behind;
    assert!(!comes_after());
    let mut get = Box::pin(queue.get());
    assert!(get.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(comes_after());
}
