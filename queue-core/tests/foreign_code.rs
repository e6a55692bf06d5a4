//! Law 6: wakers, hooks and destructors are other people's code, and each may call the queue that runs it. (`Ord` may
//! not.) What happens when they panic is in `panics.rs`.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use queue_core::{Consumer, DropReason, Event, Interest, Observer, Overflow, Queue, QueueInfo, Shutdown};
use support::{assert_conserved, at_once, overflowing, parked, queue, without_deadlock};

/// Calls every verb that never waits.
fn call(queue: &Queue<u32>) {
    let _ = (queue.len(), queue.is_full(), queue.stats(), queue.is_shut_down(), format!("{queue:?}"));
    let _ = queue.try_put(77);
    let _ = queue.try_get();
    let _ = queue.task_done();
    let _ = Box::pin(queue.get()).as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

/// A waker that calls the queue when it wakes, and when it is dropped.
struct Calls(Queue<u32>, Arc<AtomicUsize>);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, SeqCst);
        call(&self.0);
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.1.fetch_add(100, SeqCst);
        call(&self.0);
    }
}

/// Polls `future` once with a waker that calls `queue`, and counts that.
fn waits_with_calls<F: Future>(queue: &Queue<u32>, future: F) -> (Pin<Box<F>>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let waker = Waker::from(Arc::new(Calls(queue.clone(), Arc::clone(&calls))));
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    (future, calls)
}

#[test]
fn a_waker_may_call_the_queue_that_wakes_it() {
    without_deadlock(|| {
        let queue = queue(1);
        let (_getter, calls) = waits_with_calls(&queue, queue.get());
        queue.try_put(1).unwrap();
        assert_eq!(calls.load(SeqCst), 101, "get, by a put");

        let queue = self::queue(1);
        queue.try_put(0).unwrap();
        let (_putter, calls) = waits_with_calls(&queue, queue.put(1));
        queue.try_get().unwrap();
        assert_eq!(calls.load(SeqCst), 101, "put, by a get");

        let queue = self::queue(1);
        let first = parked(queue.get());
        let (_second, calls) = waits_with_calls(&queue, queue.get());
        queue.try_put(1).unwrap();
        drop(first);
        assert_eq!(calls.load(SeqCst), 101, "get, by an item that came back");

        let queue = self::queue(1);
        let (_batch, calls) = waits_with_calls(&queue, queue.get_batch(2, Duration::ZERO));
        queue.try_put(1).unwrap();
        assert_eq!(calls.load(SeqCst), 101, "get_batch, by a put");

        let (_producer, mut consumer) = self::queue(1).split();
        let queue = consumer.downgrade().upgrade().unwrap();
        let (_next, calls) = waits_with_calls(&queue, consumer.next());
        queue.try_put(1).unwrap();
        assert_eq!(calls.load(SeqCst), 101, "a stream, by a put");

        let queue = self::queue(1);
        queue.try_put(1).unwrap();
        queue.try_get().unwrap();
        let (_join, calls) = waits_with_calls(&queue, queue.join());
        queue.task_done().unwrap();
        assert_eq!(calls.load(SeqCst), 101, "join, by a task_done");

        for how in [Shutdown::Drain, Shutdown::Immediate] {
            let queue = self::queue(1);
            let (_closer, calls) = waits_with_calls(&queue, queue.until_shut_down());
            let (_getter, more_calls) = waits_with_calls(&queue, queue.get());
            queue.shutdown(how);
            assert_eq!((calls.load(SeqCst), more_calls.load(SeqCst)), (101, 101), "by {how:?}");
        }
    });
}

#[test]
fn a_waker_may_call_the_queue_that_tells_its_task_that_the_budget_is_spent() {
    without_deadlock(|| {
        // Here a task without budget is woken at once; among the workers of a runtime that is put off.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            while tokio::task::coop::has_budget_remaining() {
                tokio::task::coop::consume_budget().await;
            }
            let queue = queue(2);
            let (_putter, calls) = waits_with_calls(&queue, queue.put(1));
            assert_eq!(calls.load(SeqCst), 101, "put");
            queue.try_put(1).unwrap();
            let (_getter, calls) = waits_with_calls(&queue, queue.get());
            assert_eq!(calls.load(SeqCst), 101, "get");
        });
    });
}

#[test]
fn a_waker_may_call_the_queue_that_drops_it() {
    without_deadlock(|| {
        let queue = queue(1);
        let (getter, calls) = waits_with_calls(&queue, queue.get());
        drop(getter);
        assert_eq!(calls.load(SeqCst), 100, "get, dropped");
        let (batch, calls) = waits_with_calls(&queue, queue.get_batch(2, Duration::ZERO));
        drop(batch);
        assert_eq!(calls.load(SeqCst), 100, "get_batch, dropped");
        let (mut getter, calls) = waits_with_calls(&queue, queue.get());
        let polled = getter.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(calls.load(SeqCst), 100, "get, polled from another task");
        assert_eq!(polled, Poll::Ready(Ok(77)), "and what the waker put is the getter's");
        drop(getter);
        queue.try_put(1).unwrap();
        let (putter, calls) = waits_with_calls(&queue, queue.put(2));
        drop(putter);
        assert_eq!(calls.load(SeqCst), 100, "put, dropped");
    });
}

#[test]
fn a_hook_may_call_the_queue_that_lets_an_item_go() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Wait] {
        let seen = without_deadlock(move || {
            let back: Arc<OnceLock<Queue<u32>>> = Arc::default();
            let (seen, inside) = (Arc::new(AtomicUsize::new(0)), AtomicBool::new(false));
            let hook = {
                let (back, seen) = (Arc::clone(&back), Arc::clone(&seen));
                move |_: u32, _| {
                    seen.fetch_add(1, SeqCst);
                    // Calling lets go of items too: once is enough.
                    if !inside.swap(true, SeqCst) {
                        call(back.get().unwrap());
                        inside.store(false, SeqCst);
                    }
                }
            };
            let builder = Queue::<u32>::builder("test").capacity(2).overflow(overflow).unregistered();
            let queue = back.get_or_init(|| builder.on_drop(hook).build().unwrap());
            (0..4).for_each(|item| assert!(queue.try_put(item).is_ok() || overflow == Overflow::Wait));
            queue.shutdown(Shutdown::Immediate);
            assert_conserved(&queue.stats());
            assert_eq!(queue.stats().totals.dropped(), seen.load(SeqCst) as u64);
            seen.load(SeqCst)
        });
        assert!(seen >= 2, "{overflow:?}");
    }
}

/// An item whose destructor calls the queue it was in.
struct Nosy(Option<Arc<OnceLock<Queue<Nosy>>>>);

impl Drop for Nosy {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take().as_ref().and_then(|back| back.get()) {
            let _ = (queue.len(), queue.stats());
            drop(queue.try_put(Nosy(None)));
            drop(queue.try_get());
        }
    }
}

#[test]
fn a_destructor_of_an_item_may_call_its_queue() {
    for overflow in [Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject] {
        without_deadlock(move || {
            let back: Arc<OnceLock<Queue<Nosy>>> = Arc::default();
            let builder = Queue::<Nosy>::builder("test").capacity(2).overflow(overflow).unregistered();
            let queue = back.get_or_init(|| builder.build().unwrap());
            let nosy = || Nosy(Some(Arc::clone(&back)));
            (0..4).for_each(|_| drop(queue.try_put(nosy())));
            if overflow == Overflow::Wait {
                drop(parked(queue.put(nosy())));
            }
            let delivery = at_once(queue.receive()).unwrap();
            delivery.done();
            drop(queue.drain());
            let getter = parked(queue.get());
            assert!(queue.try_put(nosy()).is_ok());
            queue.shutdown(Shutdown::Immediate);
            drop(getter);
            assert_conserved(&queue.stats());
        });
    }
}

#[test]
fn a_hook_sees_why_each_item_was_let_go() {
    let seen: Arc<Mutex<Vec<(u32, DropReason)>>> = Arc::default();
    let hook = {
        let seen = Arc::clone(&seen);
        move |item, reason| seen.lock().unwrap().push((item, reason))
    };
    let builder = Queue::<u32>::builder("test").capacity(1).overflow(Overflow::DropOldest);
    let queue = builder.on_drop(hook).unregistered().build().unwrap();
    (0..2).for_each(|item| queue.try_put(item).unwrap());
    drop(queue);
    assert_eq!(*seen.lock().unwrap(), [(0, DropReason::Oldest), (1, DropReason::ShutDown)]);
    let newest = overflowing(1, Overflow::DropNewest);
    (0..3).for_each(|item| newest.try_put(item).unwrap());
    assert_eq!((newest.drain(), newest.stats().totals.dropped_newest), (vec![0], 2));
}

/// An observer that gets from the consumer whose stream it is told of.
#[derive(Default)]
struct Gets(Arc<OnceLock<Consumer<u32>>>, Arc<AtomicUsize>);

impl Observer for Gets {
    fn interest(&self) -> Interest {
        Interest::BLOCKING
    }

    fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {
        if let Some(consumer) = self.0.get() {
            self.1.fetch_add(1, SeqCst);
            let _ = consumer.try_get();
        }
    }
}

#[test]
fn an_observer_may_call_the_half_whose_stream_leaves_the_line() {
    without_deadlock(|| {
        let observer = Gets::default();
        let (half, calls) = (Arc::clone(&observer.0), Arc::clone(&observer.1));
        let queue = Queue::<u32>::builder("test").capacity(1).observer(observer).unregistered().build().unwrap();
        let (_producer, mut consumer) = queue.split();
        drop(parked(consumer.next()));
        let consumer = half.get_or_init(|| consumer);
        assert!(consumer.try_get().is_err());
        assert_eq!((calls.load(SeqCst), consumer.stats().waiting_getters), (1, 0));
    });
}
